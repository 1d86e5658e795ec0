/* A search found nothing, and its result was used. */
#include "snippets.h"

void before(void) {
  struct client *to = find(nick);
  send(to->fd, text, size, 0);
}

void after(void) {
  struct client *to = find(nick);
  if (to == NULL) return refuse(client, "nobody has this nick");
  queue(to, text, size);
}
