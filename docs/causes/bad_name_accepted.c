/* A name with a blank, a sign or too many letters was accepted. */
#include "snippets.h"

void before(void) {
  if (strchr(nick, ' ')) return refuse(client, "this is no nick");
}

void after(void) {
  size_t size = strspn(nick, LETTERS_AND_DIGITS);
  if (size == 0 || size > 32 || nick[size] != '\0') return refuse(client, "this is no nick");
}
