/* One more client came than the table has places. */
#include "snippets.h"

void before(void) {
  clients[count++].fd = accept(listener, NULL, NULL);
}

void after(void) {
  fd = accept(listener, NULL, NULL);
  if (count == PLACES) close(fd);
  else clients[count++].fd = fd;
}
