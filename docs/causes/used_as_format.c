/* A text with a percent sign came changed: it was used as the format of `printf`. */
#include "snippets.h"

void before(void) {
  snprintf(buffer, sizeof buffer, text);
}

void after(void) {
  snprintf(buffer, sizeof buffer, "%s", text);
}
