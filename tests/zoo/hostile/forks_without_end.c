// Says how many processes it may have, and forks until the system refuses.
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NPROC, &limit);
  dprintf(2, "LIMIT %lu as %d\n", (unsigned long)limit.rlim_cur, (int)getuid());
  for (;;) {
    const pid_t child = fork();
    if (child <= 0) pause();
  }
}
