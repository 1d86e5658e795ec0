/* A user left a channel, and still gets its messages. */
#include "snippets.h"

void before(void) {
  snprintf(client->channel, sizeof client->channel, "%s", name);
}

void after(void) {
  leave_channel(client);
  snprintf(client->channel, sizeof client->channel, "%s", name);
}
