/* Who creates a channel is not in it. */
#include "snippets.h"

void before(void) {
  snprintf(channel->name, sizeof channel->name, "%s", name);
}

void after(void) {
  snprintf(channel->name, sizeof channel->name, "%s", name);
  snprintf(client->channel, sizeof client->channel, "%s", name);
  channel->members = 1;
}
