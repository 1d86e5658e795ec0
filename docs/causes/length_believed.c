/* The program waits for as many bytes as a header announces, and the header is wrong. */
#include "snippets.h"

void before(void) {
  while (size < (size_t)header.pld_len) size += (size_t)recv(fd, payload, length, 0);
}

void after(void) {
  if (header.pld_len < 0 || header.pld_len > MOST_TEXT) return leave(client);
  if (client->size < sizeof header + (size_t)header.pld_len) return; /* back to poll */
}
