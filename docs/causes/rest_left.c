/* A message was longer than the buffer, and what came after it was misread. */
#include "snippets.h"

void before(void) {
  size_t whole = (size_t)header.pld_len;
  if (whole > sizeof buffer) whole = sizeof buffer;
  recv(fd, buffer, whole, MSG_WAITALL);
}

void after(void) {
  if (header.pld_len < 0 || (size_t)header.pld_len > sizeof buffer) {
    refuse(client, "too long");
    return leave(client);
  }
  recv(fd, buffer, (size_t)header.pld_len, MSG_WAITALL);
}
