/* A message went to more than those it is for. */
#include "snippets.h"

void before(void) {
  for (int n = 0; n < count; n++) queue(&clients[n], text, size);
}

void after(void) {
  for (int n = 0; n < count; n++)
    if (strcmp(clients[n].channel, client->channel) == 0) queue(&clients[n], text, size);
}
