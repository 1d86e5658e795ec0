/* More was written into an array than it holds, and a check of the compiler or of `malloc` found it. */
#include "snippets.h"

void before(void) {
  sprintf(buffer, "%s says %s", nick, line);
}

void after(void) {
  snprintf(buffer, sizeof buffer, "%s says %s", nick, line);
}
