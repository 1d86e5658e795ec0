/* The program ended when one client asked to quit. */
#include "snippets.h"

void before(void) {
  if (strcmp(line, "/quit") == 0) exit(0);
}

void after(void) {
  if (strcmp(line, "/quit") == 0) leave(client);
}
