/* The connection stays open after quitting, or after the end of the input. */
#include "snippets.h"

void before(void) {
  if (got == 0) client->lost = true;
}

void after(void) {
  if (got == 0) {
    close(client->fd);
    client->fd = -1;
  }
}
