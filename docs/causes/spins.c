/* The program uses the processor while nothing happens. */
#include "snippets.h"

void before(void) {
  while (poll(polled, count, 0) >= 0) serve_ready();
}

void after(void) {
  while (poll(polled, count, -1) >= 0) serve_ready();
}
