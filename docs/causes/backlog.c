/* A connection was refused or lost before it was accepted. */
#include "snippets.h"

void before(void) {
  listen(listener, 1);
}

void after(void) {
  listen(listener, SOMAXCONN);
}
