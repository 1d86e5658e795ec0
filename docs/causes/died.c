/* The program died of a signal that the checker did not send. */
#include "snippets.h"

void before(void) {
  average = total / count;
}

void after(void) {
  average = count == 0 ? 0 : total / count;
}
