/* The program waits in `recv` for bytes that are part of no message. */
#include "snippets.h"

void before(void) {
  recv(fd, payload, sizeof payload, MSG_WAITALL);
}

void after(void) {
  if (header.pld_len <= 0 || header.pld_len > (int)sizeof payload) return refuse(client, "length");
  if (client->size < sizeof header + (size_t)header.pld_len) return; /* back to poll */
}
