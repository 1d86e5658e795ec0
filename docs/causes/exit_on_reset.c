/* The program ended because one connection was cut. */
#include "snippets.h"

void before(void) {
  if (recv(fd, buffer, sizeof buffer, 0) == -1) exit(1);
}

void after(void) {
  if (recv(fd, buffer, sizeof buffer, 0) == -1) leave(client);
}
