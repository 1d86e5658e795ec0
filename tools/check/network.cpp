// Network namespaces, see network_namespaces(7).
#include "network.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include <jalon/unique_fd.hpp>

#include "isolation.hpp"

namespace check {

namespace {

void write_to(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

bool raise_loopback() {
  const jalon::unique_fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

// Small buffers, so that a peer that does not read blocks the sender after 256 KB instead of 8 MB.
void shrink_buffers() {
  write_to("/proc/sys/net/ipv4/tcp_wmem", "4096 16384 65536");
  write_to("/proc/sys/net/ipv4/tcp_rmem", "4096 65536 131072");
}

}  // namespace

bool enter_own_network() {
  const auto user = ::getuid();
  const auto group = ::getgid();
  // Without root privileges, a user namespace is needed too.
  if (::unshare(CLONE_NEWNET) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    hide_process(false);  // the files below belong to root while the process is hidden
    write_to("/proc/self/setgroups", "deny");
    write_to("/proc/self/uid_map", std::to_string(user) + " " + std::to_string(user) + " 1");
    write_to("/proc/self/gid_map", std::to_string(group) + " " + std::to_string(group) + " 1");
  }
  shrink_buffers();
  return raise_loopback();
}

}  // namespace check
