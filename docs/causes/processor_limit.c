/* The program used more processor time than the check allows. */
#include "snippets.h"

void before(void) {
  end = memchr(client->input, '\n', client->size);
}

void after(void) {
  end = memchr(client->input + client->searched, '\n', client->size - client->searched);
  client->searched = client->size;
}
