/* The program uses the processor after a client has left. */
#include "snippets.h"

void before(void) {
  if (got > 0) handle(client, buffer, (size_t)got);
}

void after(void) {
  if (got > 0) handle(client, buffer, (size_t)got);
  if (got == 0) {
    close(client->fd);
    client->fd = -1;
  }
}
