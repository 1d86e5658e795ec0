/* The program runs, and listens on no port. */
#include "snippets.h"

void before(void) {
  listen(listener, 128);
}

void after(void) {
  if (listen(listener, SOMAXCONN) == -1) {
    perror("listen");
    exit(1);
  }
}
