/* Two nicks were taken for the same, because one begins with the other. */
#include "snippets.h"

void before(void) {
  if (strncmp(clients[n].nick, nick, strlen(nick)) == 0) return;
}

void after(void) {
  if (strcmp(clients[n].nick, nick) == 0) return;
}
