/* The evidence fits no cause that the checker knows. */
#include "snippets.h"

void before(void) {
  handle_type(client, header.type);
}

void after(void) {
  fprintf(stderr, "%s asks for %d\n", client->nick, header.type);
  handle_type(client, header.type);
}
