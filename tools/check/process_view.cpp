// Reads the state of processes and sockets.
#include "process_view.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include <jalon/endpoint.hpp>
#include <jalon/unique_fd.hpp>

namespace check {

namespace {

std::string proc(pid_t pid, const std::string& what) {
  return "/proc/" + std::to_string(pid) + "/" + what;
}

std::string content_of(const std::string& path) {
  const jalon::unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text;
  char part[4096];
  for (ssize_t got = 0; (got = ::read(file.get(), part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(got));
  return text;
}

std::vector<std::string> entries_of(const std::string& path) {
  std::vector<std::string> names;
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = ::readdir(directory)) names.emplace_back(entry->d_name);
  ::closedir(directory);
  return names;
}

// The numbers of TCP states, in proc(5) and in sock_diag(7).
constexpr int close_wait = 8;
constexpr int listening = 10;

std::uint64_t from_hex(const std::string& text) { return std::stoull(text, nullptr, 16); }

// In `0100007F:1F90`, the port follows the last colon.
std::uint16_t port_in(const std::string& address) {
  return static_cast<std::uint16_t>(from_hex(address.substr(address.rfind(':') + 1)));
}

// One line of /proc/net/tcp; proc(5) names the columns.
std::optional<tcp_socket> read_socket(const std::string& line) {
  std::istringstream in(line);
  std::string slot, local, remote, state, queues, timer, retransmit, uid, timeout;
  tcp_socket socket;
  if (!(in >> slot >> local >> remote >> state >> queues >> timer >> retransmit >> uid >> timeout >>
        socket.inode))
    return std::nullopt;
  socket.local_port = port_in(local);
  socket.remote_port = port_in(remote);
  socket.listens = from_hex(state) == listening;
  socket.peer_closed = from_hex(state) == close_wait;
  socket.unsent = from_hex(queues.substr(0, queues.find(':')));
  socket.unread = from_hex(queues.substr(queues.find(':') + 1));
  return socket;
}

// Queries sock_diag(7); nothing if there is no such socket or no answer. If no connection has these
// ports, the kernel returns the listener on the local port.
std::optional<tcp_socket> query_socket(std::uint16_t local_port, std::uint16_t remote_port) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 body;
  } question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.body.sdiag_family = AF_INET;
  question.body.sdiag_protocol = IPPROTO_TCP;
  question.body.idiag_states = ~0U;
  question.body.id.idiag_sport = htons(local_port);
  question.body.id.idiag_dport = htons(remote_port);
  question.body.id.idiag_src[0] = question.body.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
  question.body.id.idiag_cookie[0] = question.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  struct {
    nlmsghdr header;
    inet_diag_msg body;
    char attributes[1024];
  } answer{};
  const jalon::unique_fd netlink{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
  const bool answered = ::send(netlink.get(), &question, sizeof question, 0) > 0 &&
                        ::recv(netlink.get(), &answer, sizeof answer, 0) > 0;
  if (!answered || answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  const auto& socket_info = answer.body;
  return tcp_socket{local_port,
                    ntohs(socket_info.id.idiag_dport),
                    socket_info.idiag_state == listening,
                    socket_info.idiag_state == close_wait,
                    socket_info.idiag_wqueue,
                    socket_info.idiag_rqueue,
                    socket_info.idiag_inode};
}

std::uint64_t inode_in(const std::string& target) {
  constexpr std::string_view prefix = "socket:[";
  if (!target.starts_with(prefix)) return 0;
  return std::stoull(target.substr(prefix.size()));
}

// The value of `Name:  value` in /proc/PID/status.
std::string status_field(pid_t pid, const std::string& name) {
  std::istringstream in(content_of(proc(pid, "status")));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":"))
      return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return {};
}

struct known_call {
  std::string name;
  bool on_descriptor;
};

const std::map<long, known_call>& known_calls() {
  static const std::map<long, known_call> calls{
      {SYS_read, {"read", true}},
      {SYS_write, {"write", true}},
      {SYS_recvfrom, {"recv", true}},
      {SYS_sendto, {"send", true}},
      {SYS_recvmsg, {"recv", true}},
      {SYS_sendmsg, {"send", true}},
      {SYS_readv, {"read", true}},
      {SYS_writev, {"write", true}},
      {SYS_accept4, {"accept", true}},
      {SYS_accept, {"accept", true}},
#ifdef SYS_poll
      {SYS_poll, {"poll", false}},
      {SYS_select, {"select", false}},
      {SYS_epoll_wait, {"epoll_wait", false}},
#endif
      {SYS_ppoll, {"poll", false}},
      {SYS_pselect6, {"select", false}},
      {SYS_epoll_pwait, {"epoll_wait", false}},
      {SYS_clock_nanosleep, {"sleep", false}},
      {SYS_nanosleep, {"sleep", false}},
      {SYS_futex, {"futex", false}},
      {SYS_wait4, {"wait", false}},
      {SYS_connect, {"connect", true}},
  };
  return calls;
}

}  // namespace

std::vector<tcp_socket> tcp_sockets() {
  std::vector<tcp_socket> sockets;
  for (const char* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::istringstream in(content_of(table));
    std::string line;
    std::getline(in, line);  // the names of the columns
    while (std::getline(in, line)) {
      if (const auto socket = read_socket(line)) sockets.push_back(*socket);
    }
  }
  return sockets;
}

std::optional<tcp_socket> tcp_socket_between(std::uint16_t local_port, std::uint16_t remote_port) {
  const auto socket_info = query_socket(local_port, remote_port);
  if (socket_info && socket_info->remote_port == remote_port) return socket_info;
  for (const auto& socket : tcp_sockets()) {
    if (socket.local_port == local_port && socket.remote_port == remote_port) return socket;
  }
  return std::nullopt;
}

std::optional<tcp_socket> tcp_listener_at(std::uint16_t port) {
  const auto socket_info = query_socket(port, 0);
  return socket_info && socket_info->listens ? socket_info : std::nullopt;
}

std::uint64_t dropped_by_full_backlogs() {
  std::istringstream in(content_of("/proc/self/net/netstat"));
  std::string names, values;
  while (std::getline(in, names) && std::getline(in, values)) {
    std::istringstream name_of(names), value_of(values);
    std::string name, value;
    while (name_of >> name && value_of >> value) {
      if (name == "ListenOverflows") return std::stoull(value);
    }
  }
  return 0;
}

std::vector<open_descriptor> descriptors_of(pid_t pid) {
  std::vector<open_descriptor> descriptors;
  for (const auto& name : entries_of(proc(pid, "fd"))) {
    const auto number = jalon::parse_number<int>(name);
    if (!number) continue;
    char target[256];
    const auto size = ::readlink(proc(pid, "fd/" + name).c_str(), target, sizeof target);
    const std::string text(target, size > 0 ? static_cast<std::size_t>(size) : 0);
    descriptors.push_back({*number, text, inode_in(text)});
  }
  std::sort(descriptors.begin(), descriptors.end(),
            [](const auto& left, const auto& right) { return left.number < right.number; });
  return descriptors;
}

namespace {

std::optional<waiting_call> call_in(const std::string& file) {
  std::istringstream in(content_of(file));
  std::string number, first;
  if (!(in >> number)) return std::nullopt;
  if (number == "running") return waiting_call{"running", -1};
  in >> first;
  const auto call = known_calls().find(std::stol(number));
  if (call == known_calls().end()) return waiting_call{"call " + number, -1};
  const bool on_descriptor = call->second.on_descriptor && !first.empty();
  return waiting_call{call->second.name,
                      on_descriptor ? static_cast<int>(from_hex(first) & 0x7FFFFFFFU) : -1};
}

}  // namespace

std::optional<waiting_call> current_call(pid_t pid) { return call_in(proc(pid, "syscall")); }

bool is_at_rest(pid_t pid) {
  const auto threads = entries_of(proc(pid, "task"));
  return std::none_of(threads.begin(), threads.end(), [pid](const std::string& thread) {
    if (!jalon::parse_number<pid_t>(thread)) return false;
    const auto call = call_in(proc(pid, "task/" + thread + "/syscall"));
    return call && (call->name == "running" || call->name == "sleep");
  });
}

std::map<pid_t, thread_times> thread_times_of(pid_t pid) {
  std::map<pid_t, thread_times> times;
  for (const auto& name : entries_of(proc(pid, "task"))) {
    const auto number = jalon::parse_number<pid_t>(name);
    std::istringstream in(content_of(proc(pid, "task/" + name + "/schedstat")));
    std::int64_t ran = 0, waited = 0;
    if (number && in >> ran >> waited)
      times[*number] = {std::chrono::nanoseconds(ran), std::chrono::nanoseconds(waited)};
  }
  return times;
}

std::uint64_t resident_bytes(pid_t pid) {
  std::istringstream in(content_of(proc(pid, "statm")));
  std::uint64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t threads_of(pid_t pid) {
  const auto names = entries_of(proc(pid, "task"));
  return names.size() < 2 ? 0 : names.size() - 2;
}

std::vector<int> caught_signals(pid_t pid) {
  const std::string mask = status_field(pid, "SigCgt");
  std::vector<int> caught;
  if (mask.empty()) return caught;
  const std::uint64_t bits = from_hex(mask);
  for (int signal = 1; signal <= 64; ++signal) {
    if ((bits >> static_cast<unsigned>(signal - 1) & 1U) != 0) caught.push_back(signal);
  }
  return caught;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (const auto& thread : entries_of(proc(pid, "task"))) {
    if (thread.starts_with(".")) continue;
    std::istringstream in(content_of(proc(pid, "task/" + thread + "/children")));
    for (pid_t child = 0; in >> child;) children.push_back(child);
  }
  return children;
}

std::vector<pid_t> process_tree(pid_t pid) {
  std::vector<pid_t> tree{pid};
  for (std::size_t n = 0; n < tree.size(); ++n) {
    const auto children = children_of(tree[n]);
    tree.insert(tree.end(), children.begin(), children.end());
  }
  return tree;
}

}  // namespace check
