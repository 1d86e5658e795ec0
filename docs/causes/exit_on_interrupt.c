/* The program ended when a signal interrupted a call. */
#include "snippets.h"

void before(void) {
  if (poll(polled, count, -1) == -1) exit(1);
}

void after(void) {
  while (poll(polled, count, -1) == -1)
    if (errno != EINTR) exit(1);
}
