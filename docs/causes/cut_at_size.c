/* A long text came only in its first part. */
#include "snippets.h"

void before(void) {
  char answer[256];
  snprintf(answer, sizeof answer, "%s", text);
}

void after(void) {
  char answer[MOST_TEXT + 1];
  if (strlen(text) > MOST_TEXT) return refuse(client, "too long");
  snprintf(answer, sizeof answer, "%s", text);
}
