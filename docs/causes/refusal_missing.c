/* The request was read, and nothing was said about it. */
#include "snippets.h"

void before(void) {
  if (find(nick) == NULL) return;
}

void after(void) {
  if (find(nick) == NULL) return refuse(client, "nobody has this nick");
}
