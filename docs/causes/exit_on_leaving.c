/* The program ended after a client had left. */
#include "snippets.h"

void before(void) {
  if (got <= 0) exit(1);
}

void after(void) {
  if (got <= 0) leave(client);
}
