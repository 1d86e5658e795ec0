/* The check took longer than its bound. */
#include "snippets.h"

void before(void) {
  poll(polled, count, 60000);
}

void after(void) {
  poll(polled, count, -1); /* woken by what comes, not by time */
}
