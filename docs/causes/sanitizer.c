/* The sanitizer found an error, and names the place. */
#include "snippets.h"

void before(void) {
  buffer[got] = '\0';
}

void after(void) {
  if (got < 0 || got >= (ssize_t)sizeof buffer) return;
  buffer[got] = '\0';
}
