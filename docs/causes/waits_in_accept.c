/* The program waits in `accept` for one more client. */
#include "snippets.h"

void before(void) {
  fd = accept(listener, NULL, NULL);
}

void after(void) {
  if (polled[0].revents & POLLIN) fd = accept(listener, NULL, NULL);
}
