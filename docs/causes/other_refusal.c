/* A request was refused with another code. */
#include "snippets.h"

void before(void) {
  return refuse(client, "error");
}

void after(void) {
  return refuse(client, find(nick) == NULL ? "no_such_nick" : "bad_request");
}
