/* A file got its name before its content was checked. */
#include "snippets.h"

void before(void) {
  file = open(name, O_WRONLY | O_CREAT, 0600);
}

void after(void) {
  file = open(partial, O_WRONLY | O_CREAT, 0600);
  receive_file(file);
  if (is_what_was_offered(partial)) rename(partial, name);
}
