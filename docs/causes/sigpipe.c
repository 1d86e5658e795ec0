/* The program died of `SIGPIPE`. */
#include "snippets.h"

void before(void) {
  send(client->fd, text, size, 0);
}

void after(void) {
  if (send(client->fd, text, size, MSG_NOSIGNAL) == -1 && errno != EAGAIN) client->lost = true;
}
