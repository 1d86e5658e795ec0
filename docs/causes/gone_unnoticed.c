/* The server has gone, and the client goes on. */
#include "snippets.h"

void before(void) {
  if (got > 0) show(buffer, (size_t)got);
}

void after(void) {
  if (got > 0) show(buffer, (size_t)got);
  if (got == 0) {
    puts("the server has closed the connection");
    exit(1);
  }
}
