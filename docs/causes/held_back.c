/* Answers came only with the next message: they were in the program's buffer, where `poll` does not look. */
#include "snippets.h"

void before(void) {
  poll(polled, count, -1);
  if (has_message(client)) handle_first(client);
}

void after(void) {
  while (has_message(client)) handle_first(client);
  poll(polled, count, -1);
}
