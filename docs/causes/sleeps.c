/* The program sleeps, and serves nobody meanwhile. */
#include "snippets.h"

void before(void) {
  usleep(500000);
  got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
}

void after(void) {
  poll(polled, count, -1);
  got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
}
