/* The program did what it had to do, and ended with a wrong status. */
#include "snippets.h"

int before(void) {
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == -1) return 0;
  return 0;
}

int after(void) {
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == -1) {
    perror("connect");
    return 1;
  }
  return 0;
}
