/* The program waits for a lock that nobody releases. */
#include "snippets.h"

void before(void) {
  pthread_mutex_lock(&lock);
  if (client->fd == -1) return;
  pthread_mutex_unlock(&lock);
}

void after(void) {
  pthread_mutex_lock(&lock);
  bool gone = client->fd == -1;
  pthread_mutex_unlock(&lock);
  if (gone) return;
}
