/* A message went to somebody else, after a name had written over another entry. */
#include "snippets.h"

void before(void) {
  strcpy(names[n], nick);
}

void after(void) {
  if (strlen(nick) >= sizeof names[n]) return refuse(client, "this nick is too long");
  strcpy(names[n], nick);
}
