/* A client waits at the listener, and is not accepted. */
#include "snippets.h"

void before(void) {
  if (count == PLACES) polled[0].fd = -1;
}

void after(void) {
  polled[0].fd = count == PLACES ? -1 : listener; /* each time before poll */
}
