/* A list had the first users, and not the last. */
#include "snippets.h"

void before(void) {
  char list[256] = "";
  for (n = 0; n < count; n++) strcat(list, names[n]);
  queue(client, list, strlen(list));
}

void after(void) {
  for (n = 0; n < count; n++) {
    queue(client, names[n], strlen(names[n]));
    queue(client, "\n", 1);
  }
}
