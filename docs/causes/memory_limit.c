/* The program used more memory than it may. */
#include "snippets.h"

void before(void) {
  client->history = realloc(client->history, client->size * 2);
}

void after(void) {
  if (client->size * 2 > MOST_INPUT) return leave(client);
  client->history = realloc(client->history, client->size * 2);
}
