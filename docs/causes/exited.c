/* The program ended itself. Its last words are quoted. */
#include "snippets.h"

int before(void) {
  if (poll(polled, count, -1) <= 0) return 1;
  return 0;
}

int after(void) {
  if (poll(polled, count, -1) == -1 && errno != EINTR) return 1;
  return 0;
}
