/* A message to all reached some of them. */
#include "snippets.h"

void before(void) {
  for (n = 0; n < count - 1; n++)
    queue(&clients[n], text, size);
}

void after(void) {
  for (n = 0; n < count; n++) {
    if (&clients[n] != client) queue(&clients[n], text, size);
  }
}
