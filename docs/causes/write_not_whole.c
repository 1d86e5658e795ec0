/* A part of the answers is missing. */
#include "snippets.h"

void before(void) {
  send(client->fd, client->output, client->output_size, MSG_DONTWAIT);
  client->output_size = 0;
}

void after(void) {
  ssize_t sent = send(client->fd, client->output, client->output_size, MSG_DONTWAIT);
  if (sent > 0) drop_first(client, (size_t)sent);
}
