/* The program ended because no descriptor was left. */
#include "snippets.h"

void before(void) {
  fd = accept(listener, NULL, NULL);
  if (fd == -1) exit(1);
}

void after(void) {
  fd = accept(listener, NULL, NULL);
  if (fd == -1) return; /* the others are still served */
}
