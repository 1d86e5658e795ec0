/* A member who had joined a channel twice left it, and the channel stayed. */
#include "snippets.h"

void before(void) {
  channel->members++;
}

void after(void) {
  if (strcmp(client->channel, name) == 0) return;
  snprintf(client->channel, sizeof client->channel, "%s", name);
  channel->members++;
}
