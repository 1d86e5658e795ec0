/* The first of several messages was answered, and the others never. */
#include "snippets.h"

void before(void) {
  if (has_message(client)) handle_first(client);
}

void after(void) {
  while (has_message(client)) handle_first(client);
}
