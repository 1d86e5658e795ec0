/* A message arrived twice. */
#include "snippets.h"

void before(void) {
  queue(client, text, size);
  send(client->fd, text, size, 0);
}

void after(void) {
  queue(client, text, size);
}
