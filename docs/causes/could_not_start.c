/* The program could not be started. */
#include "snippets.h"

void before(void) {
  execv(path, arguments);
}

void after(void) {
  execv(path, arguments);
  perror(path);
  _exit(127);
}
