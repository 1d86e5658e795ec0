/* Something of a client that has gone was used. */
#include "snippets.h"

void before(void) {
  for (int n = 0; n < count; n++)
    if (polled[n].revents && hear(&clients[n]) <= 0) remove_entry(n);
}

void after(void) {
  for (int n = 0; n < count; n++)
    if (polled[n].revents && hear(&clients[n]) <= 0) clients[n].lost = true;
  for (int n = count - 1; n >= 0; n--)
    if (clients[n].lost) remove_entry(n);
}
