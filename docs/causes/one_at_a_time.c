/* One client is served until it leaves; the others wait. */
#include "snippets.h"

void before(void) {
  fd = accept(listener, NULL, NULL);
  while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0) send(fd, buffer, (size_t)got, 0);
}

void after(void) {
  poll(polled, count, -1);
  if (polled[0].revents) enter(accept(listener, NULL, NULL));
  for (int n = 1; n < count; n++)
    if (polled[n].revents) hear(&clients[n - 1]);
}
