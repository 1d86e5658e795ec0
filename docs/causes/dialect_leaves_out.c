/* The program has no answer to a request, and its dialect leaves the request out. */
#include "snippets.h"

enum { ECHO_SEND = 1, NICKNAME_LIST };
struct request {
  int type;
};
void echo(const struct request *message);
void list_users(const struct request *message);

void before(const struct request *message) {
  if (message->type == ECHO_SEND) echo(message);
}

void after(const struct request *message) {
  if (message->type == ECHO_SEND) echo(message);
  if (message->type == NICKNAME_LIST) list_users(message);
}
