/* The server cannot be started again at once. */
#include "snippets.h"

void before(void) {
  bind(listener, (struct sockaddr *)&address, sizeof address);
}

void after(void) {
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) == -1) exit(1);
}
