/* Somebody outside a channel spoke in it. */
#include "snippets.h"

void before(void) {
  to_channel(header.infos, text, size);
}

void after(void) {
  if (strcmp(client->channel, header.infos) != 0) return refuse(client, "you are not in it");
  to_channel(client->channel, text, size);
}
