/* A Python exception ended the program. Its last line is quoted. */
#include "snippets.h"

void before(void) {
  recv(fd, buffer, sizeof buffer, 0);
}

void after(void) {
  if (recv(fd, buffer, sizeof buffer, 0) == -1) leave(client);
}
