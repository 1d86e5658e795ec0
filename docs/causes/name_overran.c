/* A name longer than its array wrote over the entry behind it. */
#include "snippets.h"

void before(void) {
  strcpy(client->nick, nick);
}

void after(void) {
  if (strlen(nick) >= sizeof client->nick) return refuse(client, "this nick is too long");
  strcpy(client->nick, nick);
}
