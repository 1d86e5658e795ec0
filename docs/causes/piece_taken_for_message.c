/* The program answered when only a piece of the message had come. */
#include "snippets.h"

void before(void) {
  got = recv(fd, buffer, sizeof buffer, 0);
  handle(client, buffer, (size_t)got);
}

void after(void) {
  got = recv(fd, client->input + client->size, sizeof client->input - client->size, 0);
  if (got > 0) client->size += (size_t)got;
  while (has_message(client)) handle_first(client);
}
