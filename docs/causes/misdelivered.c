/* A message went to somebody else. */
#include "snippets.h"

void before(void) {
  int n = find_index(nick);
  queue_fd(polled[n].fd, text, size);
}

void after(void) {
  struct client *to = find(nick);
  if (to != NULL) queue(to, text, size);
}
