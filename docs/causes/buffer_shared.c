/* A client was misunderstood while another had sent only a piece of a message. */
#include "snippets.h"

void before(void) {
  got = recv(client->fd, buffer + size, sizeof buffer - size, 0);
}

void after(void) {
  got = recv(client->fd, client->input + client->size,
             sizeof client->input - client->size, 0);
}
