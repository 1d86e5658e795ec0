/* Two users have the same name, or two channels. */
#include "snippets.h"

void before(void) {
  if (strcmp(clients[n].nick, nick)) return refuse(client, "this nick is taken");
}

void after(void) {
  if (strcmp(clients[n].nick, nick) == 0) return refuse(client, "this nick is taken");
}
