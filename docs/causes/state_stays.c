/* Something of a user who has gone is kept: the nick, the place, the channel. */
#include "snippets.h"

void before(void) {
  if (got <= 0) close(client->fd);
}

void after(void) {
  if (got <= 0) leave(client); /* channel, nick, place and descriptor */
}
