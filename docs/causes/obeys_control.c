/* Control characters of somebody else reached the terminal. */
#include "snippets.h"

void before(void) {
  printf("%s\n", text);
}

void after(void) {
  for (const char *c = text; *c; c++) putchar(iscntrl((unsigned char)*c) ? '?' : *c);
  putchar('\n');
}
