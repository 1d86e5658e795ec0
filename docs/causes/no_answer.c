/* The message was read, and nobody got an answer. */
#include "snippets.h"

void before(void) {
  handle_type(client, header.type);
}

void after(void) {
  fprintf(stderr, "type %d, %d bytes\n", header.type, header.pld_len);
  handle_type(client, header.type);
}
