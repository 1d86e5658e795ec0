/* A file's name led out of the inbox. */
#include "snippets.h"

void before(void) {
  file = open(name, O_WRONLY | O_CREAT, 0600);
}

void after(void) {
  const char *slash = strrchr(name, '/');
  file = openat(inbox, slash ? slash + 1 : name, O_WRONLY | O_CREAT | O_EXCL, 0600);
}
