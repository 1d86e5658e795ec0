/* A channel was created by joining it. */
#include "snippets.h"

void before(void) {
  snprintf(client->channel, sizeof client->channel, "%s", name);
}

void after(void) {
  if (find_channel(name) == NULL) return refuse(client, "there is no such channel");
  snprintf(client->channel, sizeof client->channel, "%s", name);
}
