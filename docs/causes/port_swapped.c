/* The port is shown with its two bytes swapped. */
#include "snippets.h"

void before(void) {
  printf("port %d\n", address.sin_port);
}

void after(void) {
  printf("port %d\n", ntohs(address.sin_port));
}
