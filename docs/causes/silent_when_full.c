/* A client was accepted, never served, and never told. */
#include "snippets.h"

void before(void) {
  fd = accept(listener, NULL, NULL);
  if (count < PLACES) clients[count++].fd = fd;
}

void after(void) {
  fd = accept(listener, NULL, NULL);
  if (count < PLACES) clients[count++].fd = fd;
  else close(fd);
}
