/* The old nick is still known. */
#include "snippets.h"

void before(void) {
  snprintf(names[count++], sizeof names[0], "%s", nick);
}

void after(void) {
  snprintf(client->nick, sizeof client->nick, "%s", nick);
}
