/* Memory grows with the messages. */
#include "snippets.h"

void before(void) {
  char *line = strdup(buffer);
  handle(client, line, strlen(line));
}

void after(void) {
  char *line = strdup(buffer);
  handle(client, line, strlen(line));
  free(line);
}
