/* The message is longer than the buffer, or its header says so. */
#include "snippets.h"

void before(void) {
  recv(fd, payload, (size_t)header.pld_len, 0);
}

void after(void) {
  if (header.pld_len < 0 || header.pld_len > (int)sizeof payload) return leave(client);
  recv(fd, payload, (size_t)header.pld_len, 0);
}
