/* A text came only up to its first blank, or with fewer blanks. */
#include "snippets.h"

void before(void) {
  sscanf(line, "/msg %31s %1023s", nick, text);
}

void after(void) {
  int at = 0;
  sscanf(line, "/msg %31s%n", nick, &at);
  if (line[at] == ' ') text = line + at + 1;
}
