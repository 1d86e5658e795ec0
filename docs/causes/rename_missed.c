/* A member changed nick, and the channel did not know them any more. */
#include "snippets.h"

void before(void) {
  /* names: the nicks of the members */
  for (n = 0; n < count; n++) {
    struct client *member = find(names[n]);
    if (member != NULL) queue(member, text, length);
  }
}

void after(void) {
  for (n = 0; n < PLACES; n++) {
    if (strcmp(clients[n].channel, channel->name) != 0) continue;
    queue(&clients[n], text, length);
  }
}
