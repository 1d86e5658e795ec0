// Ends every process that it may signal.
#include <signal.h>
#include <unistd.h>

int main(void) {
  kill(-1, SIGKILL);
  for (;;) pause();
}
