/* The end of an earlier, longer message came behind a shorter one. */
#include "snippets.h"

void before(void) {
  recv(fd, buffer, sizeof buffer, 0);
  send(fd, buffer, strlen(buffer), MSG_NOSIGNAL);
}

void after(void) {
  ssize_t got = recv(fd, buffer, sizeof buffer, 0);
  if (got > 0) send(fd, buffer, (size_t)got, MSG_NOSIGNAL);
}
