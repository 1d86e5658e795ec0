/* The program waits in `recv` for the rest of one client's message. */
#include "snippets.h"

void before(void) {
  while (size < length) size += (size_t)recv(fd, payload + size, length - size, 0);
}

void after(void) {
  got = recv(fd, client->input + client->size, sizeof client->input - client->size, MSG_DONTWAIT);
  if (got > 0) client->size += (size_t)got;
  if (client->size < length) return; /* back to poll */
}
