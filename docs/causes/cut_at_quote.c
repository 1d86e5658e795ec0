/* A text with a quotation mark came only up to it. */
#include "snippets.h"

void before(void) {
  const char *end = strchr(text, '"');
}

void after(void) {
  const char *end = text;
  while (*end && *end != '"') end += *end == '\\' && end[1] ? 2 : 1;
}
