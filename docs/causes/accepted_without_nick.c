/* A message of somebody without a nick was delivered. */
#include "snippets.h"

void before(void) {
  handle_type(client, header.type);
}

void after(void) {
  bool takes_nick = header.type == NICKNAME_NEW;
  if (client->nick[0] == '\0' && !takes_nick) return refuse(client, "first take a nick");
  handle_type(client, header.type);
}
