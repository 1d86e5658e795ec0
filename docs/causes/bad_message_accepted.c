/* A message that had to be refused was accepted. */
#include "snippets.h"

void before(void) {
  handle(client, text, size);
}

void after(void) {
  if (size > MOST_TEXT) return refuse(client, "bad_text");
  handle(client, text, size);
}
