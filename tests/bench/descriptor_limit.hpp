// As many descriptors as the system lets a process have, for programs that talk to thousands.
#pragma once

#include <sys/resource.h>

inline void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}
