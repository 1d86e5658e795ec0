/* A request that was right was refused. */
#include "snippets.h"

void before(void) {
  if (strncmp(line, "{\"type\":\"", 9) != 0) return refuse(client, "bad_json");
}

void after(void) {
  object = json_loads(line, 0, NULL);
  type = json_string_value(json_object_get(object, "type"));
}
