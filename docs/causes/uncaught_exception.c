/* A C++ exception ended the program. */
#include "snippets.h"

void before(void) {
  number = atoi(text);
}

void after(void) {
  char *rest;
  long value = strtol(text, &rest, 10);
  if (rest == text || *rest != '\0') return refuse(client, "this is no number");
}
