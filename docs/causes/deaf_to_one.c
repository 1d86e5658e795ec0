/* Bytes wait in a socket, and the program waits in `poll` without that socket. */
#include "snippets.h"

void before(void) {
  polled[n].fd = fd;
}

void after(void) {
  polled[n].fd = fd;
  polled[n].events = POLLIN;
  polled[n].revents = 0;
  if (n >= count) count = n + 1;
}
