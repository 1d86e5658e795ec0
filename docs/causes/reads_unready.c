/* The program waits in `recv` for a client who has nothing to say just now. */
#include "snippets.h"

void before(void) {
  poll(polled, count, -1);
  for (int n = 1; n < count; n++) hear(&clients[n - 1]);
}

void after(void) {
  poll(polled, count, -1);
  for (int n = 1; n < count; n++)
    if (polled[n].revents != 0) hear(&clients[n - 1]);
}
