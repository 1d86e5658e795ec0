/* What did not fit was kept, and never sent. */
#include "snippets.h"

void before(void) {
  polled[n].events = POLLIN;
}

void after(void) {
  polled[n].events = POLLIN;
  if (client->output_size > 0) polled[n].events |= POLLOUT;
}
