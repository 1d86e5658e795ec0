/* A client connected, and the server did not greet it. */
#include "snippets.h"

void before(void) {
  fd = accept(listener, NULL, NULL);
  enter(fd);
}

void after(void) {
  fd = accept(listener, NULL, NULL);
  enter(fd);
  queue_fd(fd, hello, strlen(hello));
}
