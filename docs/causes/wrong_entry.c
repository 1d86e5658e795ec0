/* The answer had the address of another client. */
#include "snippets.h"

void before(void) {
  polled[n] = polled[count - 1];
  strcpy(names[n], names[count - 1]);
  count--;
}

void after(void) {
  clients[n] = clients[--count];
}
