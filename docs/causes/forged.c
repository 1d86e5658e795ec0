/* The sender's name was taken from the message. */
#include "snippets.h"

void before(void) {
  snprintf(answer.nick_sender, sizeof answer.nick_sender, "%s", header.nick_sender);
}

void after(void) {
  snprintf(answer.nick_sender, sizeof answer.nick_sender, "%s", client->nick);
}
