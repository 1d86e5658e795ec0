/* The client goes on after `/quit` or the end of its input. */
#include "snippets.h"

void before(void) {
  if (got == 0) typing = false;
}

void after(void) {
  if (got == 0) shutdown(fd, SHUT_WR); /* and go on reading until recv returns 0 */
}
