/* A client was disconnected when a signal interrupted a call. */
#include "snippets.h"

void before(void) {
  got = recv(fd, client->input, sizeof client->input, 0);
  if (got <= 0) leave(client);
}

void after(void) {
  do got = recv(fd, client->input, sizeof client->input, 0);
  while (got == -1 && errno == EINTR);
  if (got <= 0) leave(client);
}
