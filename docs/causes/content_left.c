/* The content of a message that was not understood was taken for the next message. */
#include "snippets.h"

void before(void) {
  if (header.type >= TYPES) {
    refuse(client, "unknown type");
    return;
  }
}

void after(void) {
  drop_first(client, sizeof header + length);
  if (header.type >= TYPES) {
    refuse(client, "unknown type");
    return;
  }
}
