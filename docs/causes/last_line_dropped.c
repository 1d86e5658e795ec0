/* The last line had no line end, and got no answer. */
#include "snippets.h"

void before(void) {
  if (got == 0) leave(client);
}

void after(void) {
  if (got == 0) {
    if (client->size > 0) handle(client, client->input, client->size);
    leave(client);
  }
}
