/* Memory was given back twice, or was never from `malloc`. */
#include "snippets.h"

void before(void) {
  free(client->name);
  leave(client);
}

void after(void) {
  free(client->name);
  client->name = NULL;
  leave(client);
}
