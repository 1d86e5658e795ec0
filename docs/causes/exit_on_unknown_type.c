/* The program ended on a message of an unknown type. */
#include "snippets.h"

void before(void) {
  if (header.type >= TYPES) exit(1);
}

void after(void) {
  if (header.type >= TYPES) return refuse(client, "this type is not known");
}
