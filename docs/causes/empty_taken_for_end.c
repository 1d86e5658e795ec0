/* A message with an empty text ended the connection. */
#include "snippets.h"

void before(void) {
  got = recv(fd, payload, length, 0);
  if (got == 0) leave(client);
}

void after(void) {
  got = length > 0 ? recv(fd, payload, length, 0) : 0;
  if (length > 0 && got == 0) leave(client);
}
