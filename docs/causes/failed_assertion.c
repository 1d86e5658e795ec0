/* An assertion ended the program. */
#include "snippets.h"

void before(void) {
  assert(header.pld_len < MOST_TEXT);
}

void after(void) {
  if (header.pld_len < 0 || header.pld_len >= MOST_TEXT) return leave(client);
}
