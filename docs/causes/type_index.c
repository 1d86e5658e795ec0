/* The type of the message was used as an index into a table. */
#include "snippets.h"

void before(void) {
  printf("%s\n", type_names[header.type]);
}

void after(void) {
  bool known = header.type >= 0 && header.type < TYPES;
  printf("%s\n", known ? type_names[header.type] : "unknown");
}
