// An echo server in C++ for many clients: one thread, poll, and strings for buffers.
// It is right in everything; the bugs of the zoo are put into it.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr std::size_t bound = 65536;

struct client {
  explicit client(int descriptor) : fd(descriptor) {}
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() { close(fd); }

  int fd;
  std::string input;
  std::string output;
  bool ends = false;  // once all is sent
  bool gone = false;
};

using clients = std::vector<std::unique_ptr<client>>;

int open_listener(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == -1 ||
      listen(fd, 128) == -1) {
    std::perror("listen");
    std::exit(1);
  }
  return fd;
}

bool try_later() { return errno == EAGAIN || errno == EINTR; }

// Whole lines come back, for as long as there is room for them.
void answer(client& who) {
  for (;;) {
    const auto end = who.input.find('\n');
    if (end == std::string::npos || who.ends || who.output.size() > bound) break;
    const std::string line = who.input.substr(0, end + 1);
    who.input.erase(0, end + 1);
    if (line == "/quit\n")
      who.ends = true;
    else
      who.output += line;
  }
  if (who.input.size() > bound && who.output.size() <= bound) who.ends = true;  // too long a line
}

void hear(client& who) {
  char bytes[4096];
  const auto got = recv(who.fd, bytes, sizeof bytes, 0);
  if (got == -1) {
    who.gone = !try_later();
    return;
  }
  if (got == 0) {
    if (!who.input.empty()) who.input += '\n';  // the last line, without its end
    answer(who);
    who.ends = true;
    return;
  }
  who.input.append(bytes, static_cast<std::size_t>(got));
  answer(who);
}

void flush(client& who) {
  const auto sent = send(who.fd, who.output.data(), who.output.size(), MSG_NOSIGNAL);
  if (sent == -1) {
    who.gone = !try_later();
    return;
  }
  who.output.erase(0, static_cast<std::size_t>(sent));
  answer(who);
}

// Returns false when no descriptor is left: then nobody is accepted until somebody leaves.
bool enter(int listener, clients& all) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  if (fd != -1) all.push_back(std::make_unique<client>(fd));
  return fd != -1 || (errno != EMFILE && errno != ENFILE);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int listener = open_listener(std::atoi(argv[1]));
  clients all;
  bool accepting = true;
  for (;;) {
    std::vector<pollfd> watched{{accepting ? listener : -1, POLLIN, 0}};
    for (const auto& one : all) {
      const bool full = one->ends || one->input.size() > bound || one->output.size() > bound;
      const int events = (full ? 0 : POLLIN) | (one->output.empty() ? 0 : POLLOUT);
      watched.push_back({one->fd, static_cast<short>(events), 0});
    }
    if (poll(watched.data(), watched.size(), -1) == -1) continue;
    for (std::size_t n = 1; n < watched.size(); ++n) {
      client& who = *all[n - 1];
      const short ready = watched[n].revents;
      if (ready & POLLIN) hear(who);
      if (ready & (POLLHUP | POLLERR)) who.gone = true;
      if (!who.gone && !who.output.empty()) flush(who);
      if (who.ends && who.output.empty()) who.gone = true;
    }
    const auto before = all.size();
    all.erase(std::remove_if(all.begin(), all.end(), [](const auto& one) { return one->gone; }),
              all.end());
    if (all.size() < before) accepting = true;
    if (watched[0].revents != 0) accepting = enter(listener, all);
  }
}
