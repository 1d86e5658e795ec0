/* A long nick was accepted, and nobody could write to its owner. */
#include "snippets.h"

void before(void) {
  snprintf(client->nick, sizeof client->nick, "%s", header.infos);
}

void after(void) {
  if (strlen(header.infos) >= sizeof client->nick) return;
  snprintf(client->nick, sizeof client->nick, "%s", header.infos);
}
