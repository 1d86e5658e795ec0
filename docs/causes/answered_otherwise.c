/* Something else came than what was due. */
#include "snippets.h"

void before(void) {
  snprintf(line, sizeof line, "{\"type\":\"echo\",\"id\":\"%s\"}\n", id);
}

void after(void) {
  snprintf(line, sizeof line, "{\"type\":\"echo\",\"id\":%s}\n", id_as_it_came);
}
