/* It answered, and what was asked for is not in the answer. */
#include "snippets.h"

void before(void) {
  fd = accept(listener, NULL, NULL);
}

void after(void) {
  socklen_t length = sizeof client->address;
  fd = accept(listener, (struct sockaddr *)&client->address, &length);
}
