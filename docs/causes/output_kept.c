/* The answer was there, and was shown only at the end. */
#include "snippets.h"

void before(void) {
  printf("%s\n", text);
}

void after(void) {
  printf("%s\n", text);
  fflush(stdout);
}
