/* A header in two pieces was taken for a whole one, so length and type are wrong. */
#include "snippets.h"

void before(void) {
  recv(fd, &header, sizeof header, 0);
  handle_type(client, header.type);
}

void after(void) {
  if (client->size < sizeof header) return; /* back to poll */
  memcpy(&header, client->input, sizeof header);
  handle_type(client, header.type);
}
