/* There is a thread or a process for each client. */
#include "snippets.h"

void before(void) {
  pthread_create(&thread, NULL, serve, client);
}

void after(void) {
  polled[count].fd = client->fd;
  polled[count++].events = POLLIN;
}
