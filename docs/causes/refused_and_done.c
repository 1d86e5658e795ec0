/* A request was refused, and it had changed something all the same. */
#include "snippets.h"

void before(void) {
  client->nick[0] = '\0';
  if (find(nick) != NULL) return;
  snprintf(client->nick, sizeof client->nick, "%s", nick);
}

void after(void) {
  if (find(nick) != NULL) return;
  snprintf(client->nick, sizeof client->nick, "%s", nick);
}
