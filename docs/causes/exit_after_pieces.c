/* The program ended itself when a message came in pieces. */
#include "snippets.h"

void before(void) {
  if (recv(fd, &header, sizeof header, 0) != sizeof header) exit(1);
}

void after(void) {
  got = recv(fd, client->input + client->size, sizeof client->input - client->size, 0);
  if (got <= 0) return leave(client);
  client->size += (size_t)got;
}
