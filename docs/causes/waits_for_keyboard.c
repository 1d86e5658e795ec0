/* The program waits in `read` for its keyboard. */
#include "snippets.h"

void before(void) {
  fgets(line, sizeof line, stdin);
  got = recv(fd, buffer, sizeof buffer, 0);
}

void after(void) {
  poll(polled, 2, -1);
  if (polled[0].revents) read_keyboard();
  if (polled[1].revents) read_server();
}
