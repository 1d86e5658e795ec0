/* The program ended when its table was full. */
#include "snippets.h"

void before(void) {
  if (count == PLACES) exit(1);
}

void after(void) {
  if (count == PLACES) {
    close(fd);
    return;
  }
}
