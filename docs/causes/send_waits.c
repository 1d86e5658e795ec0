/* The program waits in `send` for a client that does not read. */
#include "snippets.h"

void before(void) {
  send(client->fd, text, size, 0);
}

void after(void) {
  ssize_t sent = send(client->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  size_t done = sent > 0 ? (size_t)sent : 0;
  queue(client, text + done, size - done);
}
