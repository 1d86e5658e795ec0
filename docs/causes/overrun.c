/* An index or a length was used without a check. */
#include "snippets.h"

void before(void) {
  clients[place].fd = fd;
}

void after(void) {
  if (place < 0 || place >= PLACES) return;
  clients[place].fd = fd;
}
