/* The places of those who left are not given to others. */
#include "snippets.h"

void before(void) {
  clients[count++].fd = fd;
}

void after(void) {
  for (int n = 0; n < PLACES; n++) {
    if (clients[n].fd != -1) continue;
    clients[n].fd = fd;
    return;
  }
}
