/* A message does not say who has sent it. */
#include "snippets.h"

void before(void) {
  memset(&answer, 0, sizeof answer);
}

void after(void) {
  memset(&answer, 0, sizeof answer);
  snprintf(answer.nick_sender, sizeof answer.nick_sender, "%s", client->nick);
}
