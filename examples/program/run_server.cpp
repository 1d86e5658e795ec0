// The part of a server program that does not depend on its service or its loop.
#include "run_server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <iostream>

#include <jalon/printable.hpp>

namespace program::detail {

// Many systems set a soft limit of 1,024 descriptors or fewer, for the sake of programs that use
// select(2), which cannot handle more. poll(2) can.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur == limit.rlim_max) return;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) == -1) return;  // macOS allows less than `rlim_max`
  log("may have " + std::to_string(limit.rlim_cur) + " descriptors, " + std::to_string(before) +
      " before");
}

void log(std::string_view line) { std::cerr << jalon::printable(line) + '\n'; }

void announce(const jalon::endpoint& local, const server_options& options) {
  std::cout << "listening on " << local.to_string() << std::endl;
  if (!options.bind_given) log("for this machine only; --bind 0.0.0.0 is for everybody");
}

jalon::server_options complete(jalon::server_options how, const server_options& options) {
  jalon::queue_limits& queue = how.connection.queue;
  queue.hard_limit = options.hard_limit;
  // Between high water and the hard limit there is room for the answer to any one request.
  queue.high_water = std::min(queue.high_water, queue.hard_limit / 2);
  queue.low_water = std::min(queue.low_water, queue.high_water / 2);
  how.memory_budget = options.limits.memory;
  how.connection.stall_timeout = options.limits.stall_timeout;
  how.connection.frame_timeout = options.limits.line_timeout;
  return how;
}

jalon::reactor::any_poller make_poller(loop_kind kind) {
#ifdef __linux__
  if (kind == loop_kind::epoll) return jalon::epoll_poller{};
#endif
  return jalon::poll_poller{};
}

}  // namespace program::detail
