/* A client that had done nothing wrong was disconnected. */
#include "snippets.h"

void before(void) {
  if (got < (ssize_t)sizeof header) leave(client);
}

void after(void) {
  bool again = got == -1 && (errno == EAGAIN || errno == EINTR);
  if (got <= 0 && !again) leave(client);
}
