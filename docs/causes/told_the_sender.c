/* The sender gets a copy of their own message. */
#include "snippets.h"

void before(void) {
  for (int n = 0; n < count; n++) queue(&clients[n], text, size);
}

void after(void) {
  for (int n = 0; n < count; n++)
    if (&clients[n] != client) queue(&clients[n], text, size);
}
