/* The program ended on a message that it had to refuse. */
#include "snippets.h"

void before(void) {
  if (header.pld_len < 0) exit(1);
}

void after(void) {
  if (header.pld_len < 0) return leave(client);
}
