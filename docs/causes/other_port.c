/* The server listens on another port than it was given. */
#include "snippets.h"

void before(void) {
  address.sin_port = 8080;
}

void after(void) {
  address.sin_port = htons((uint16_t)atoi(argv[1]));
}
