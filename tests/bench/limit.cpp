// As little as a server can do: `limit PORT [epoll | poll]`.
//
// It reads all there is, and then sends one flat piece to each member of its one channel. It parses
// nothing, forgets nobody's line, and shares none of the toolkit's parts but the pollers: what
// another server costs beyond this, it costs for what it does. tests/bench/load.cpp talks to it.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/poller.hpp>
#include <jalon/socket.hpp>

#include "descriptor_limit.hpp"

namespace {

struct member {
  jalon::stream_socket socket;
  std::string rest = {};  // of a line that is coming in
};

// What a message is passed on with is as long as our chat's, so that as many bytes are moved.
constexpr std::string_view text_key = R"("text":")";

template <jalon::poller Poller>
class limit {
 public:
  explicit limit(std::uint16_t port) : listener_(jalon::endpoint::loopback(port)) {
    listener_.set_no_delay(true);
    poller_.add(listener_.fd(), jalon::io_events::read, nullptr);
    std::printf("listening on %s\n", listener_.local().to_string().c_str());
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    for (;;) {
      poller_.wait(ready_, std::nullopt);
      out_.clear();
      for (const auto& event : ready_) {
        if (event.tag == nullptr)
          welcome();
        else
          hear(*static_cast<member*>(event.tag));
      }
      if (out_.empty()) continue;
      for (member* const one : listeners_) one->socket.write_some(std::string_view(out_));
    }
  }

 private:
  // All who wait: a turn of poll for each would cost more than taking them in.
  void welcome() {
    for (;;) {
      auto accepted = listener_.accept();
      if (accepted.status != jalon::io_status::ok) return;
      const int fd = accepted.socket.fd();
      auto& made = members_[fd] = std::make_unique<member>(member{std::move(accepted.socket)});
      poller_.add(fd, jalon::io_events::read, made.get());
      made->socket.write_some(std::string_view("{\"type\":\"hello\"}\n"));
    }
  }

  void hear(member& one) {
    static char bytes[64 << 10];
    const auto result = one.socket.read_some(bytes);
    if (result.status == jalon::io_status::end || result.status == jalon::io_status::error)
      return leave(one);
    std::string_view came(bytes, result.bytes);
    for (auto end = came.find('\n'); end != came.npos; end = came.find('\n')) {
      if (one.rest.empty())
        answer(one, came.substr(0, end));
      else
        answer(one, std::exchange(one.rest, {}).append(came.substr(0, end)));
      came.remove_prefix(end + 1);
    }
    one.rest.append(came);
  }

  // What a line is, its tenth byte tells: {"type":"say", "nick", "join", "create", "leave".
  void answer(member& one, std::string_view line) {
    constexpr std::size_t place = sizeof R"({"type":")" - 1;
    switch (line.size() > place ? line[place] : '\0') {
      case 's':
        out_.append(R"({"type":"say","channel":"bench","from":"s0",)");
        out_.append(line.substr(line.find(text_key))).push_back('\n');
        break;
      case 'n':
        one.socket.write_some(std::string_view("{\"type\":\"welcome\"}\n"));
        break;
      case 'j':
      case 'c':
        listen(one, true);
        one.socket.write_some(std::string_view("{\"type\":\"joined\"}\n"));
        break;
      case 'l':
        listen(one, false);
        out_.append("{\"type\":\"left\"}\n");
        break;
      default:
        break;
    }
  }

  void listen(member& one, bool listens) {
    std::erase(listeners_, &one);
    if (listens) listeners_.push_back(&one);
  }

  void leave(member& one) {
    listen(one, false);
    const int fd = one.socket.fd();
    poller_.remove(fd);
    members_.erase(fd);
  }

  jalon::listener listener_;
  Poller poller_;
  std::vector<jalon::ready_event> ready_;
  std::map<int, std::unique_ptr<member>> members_;
  std::vector<member*> listeners_;  // who are in the channel
  std::string out_;                 // of this turn
};

}  // namespace

int main(int argc, char* argv[]) try {
  const auto port = jalon::parse_number<std::uint16_t>(argc > 1 ? argv[1] : "");
  if (!port) throw std::runtime_error("usage: limit PORT [epoll | poll]");
  raise_descriptor_limit();
  if (argc > 2 && std::string_view(argv[2]) == "poll")
    limit<jalon::poll_poller>(*port).run();
  else
    limit<jalon::epoll_poller>(*port).run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "limit: %s\n", error.what());
  return 1;
}
