/* A user named a channel that they were not in, and was taken out of their own. */
#include "snippets.h"

void before(void) {
  client->channel[0] = '\0';
}

void after(void) {
  if (strcmp(client->channel, header.infos) == 0) client->channel[0] = '\0';
}
