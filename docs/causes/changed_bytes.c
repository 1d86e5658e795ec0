/* The bytes that came are not those that were sent. */
#include "snippets.h"

void before(void) {
  struct message answer;
  send(fd, &answer, sizeof answer, 0);
}

void after(void) {
  struct message answer;
  memset(&answer, 0, sizeof answer);
  send_all(fd, &answer, sizeof answer);
}
