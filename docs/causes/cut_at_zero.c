/* Bytes were taken for a text, so they stop at the first zero byte. */
#include "snippets.h"

void before(void) {
  got = read(file, buffer, sizeof buffer);
  send(fd, buffer, strlen(buffer), 0);
}

void after(void) {
  got = read(file, buffer, sizeof buffer);
  if (got > 0) send_all(fd, buffer, (size_t)got);
}
