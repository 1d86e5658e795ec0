/* All descriptors are used, and the program uses the processor. */
#include "snippets.h"

void before(void) {
  fd = accept(listener, NULL, NULL);
  if (fd == -1) return;
}

void after(void) {
  fd = accept(listener, NULL, NULL);
  if (fd == -1 && errno == EMFILE) polled[0].fd = -1; /* until somebody leaves */
}
