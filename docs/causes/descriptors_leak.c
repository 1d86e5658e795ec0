/* A client has left, and its descriptor stays open. */
#include "snippets.h"

void before(void) {
  client->fd = -1;
}

void after(void) {
  close(client->fd);
  client->fd = -1;
}
