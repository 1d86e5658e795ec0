/* Typed lines were sent only when the next one was typed. */
#include "snippets.h"

void before(void) {
  if (polled[0].revents & POLLIN) {
    fgets(line, sizeof line, stdin);
    send_line(line);
  }
}

void after(void) {
  got = read(STDIN_FILENO, typed + size, sizeof typed - size);
  if (got > 0) size += (size_t)got;
  while ((end = memchr(typed, '\n', size))) send_first_line(end);
}
