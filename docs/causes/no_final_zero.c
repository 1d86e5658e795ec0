/* A field of the header had no final zero. */
#include "snippets.h"

void before(void) {
  strcpy(client->nick, header.infos);
}

void after(void) {
  header.infos[sizeof header.infos - 1] = '\0';
  snprintf(client->nick, sizeof client->nick, "%s", header.infos);
}
