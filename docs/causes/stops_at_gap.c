/* When somebody had left, those behind their place were missing from the list. */
#include "snippets.h"

void before(void) {
  for (n = 0; n < count; n++) queue(&clients[n], text, length);
}

void after(void) {
  for (n = 0; n < PLACES; n++) {
    if (clients[n].fd == -1) continue;
    queue(&clients[n], text, length);
  }
}
