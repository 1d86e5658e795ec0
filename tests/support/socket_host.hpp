// A host of a service over real sockets: a jalon::server on any loop, and the test's own clients,
// in one thread. The same calls as memory_host.hpp.
// Nothing sleeps: the loop is turned until what is due has come, so many times at most.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jalon/error.hpp>
#include <jalon/server.hpp>
#include <jalon/socket.hpp>

#include "delivery.hpp"

namespace support {

/// Runs a service on @p Loop for clients that are sockets of the test.
template <class Loop>
class socket_host {
 public:
  using client = std::size_t;

  socket_host(Loop& loop, jalon::service& served)
      : loop_(loop),
        server_(loop, jalon::listener(jalon::endpoint::loopback(0)), served, options()) {}

  void set_clock(std::chrono::system_clock::time_point now) { now_ = now; }

  /// Connects from the address of @p from, and a port that is not among those to @p avoid.
  template <class Avoid>
  client connect(const jalon::endpoint& from, Avoid avoid) {
    std::vector<jalon::stream_socket> unwanted;  // held, lest the system give them again
    jalon::stream_socket bound = bind_to(from.address());
    for (; avoid(bound.local().port()); bound = bind_to(from.address())) {
      unwanted.push_back(std::move(bound));
      if (unwanted.size() == 100) throw std::runtime_error("no port that the script does not name");
    }
    begin_connect(bound, server_.local());
    bound.set_no_delay(true);
    peers_.push_back({std::move(bound), {}});
    turn();
    return peers_.size() - 1;
  }

  std::uint16_t port_of(client who) const { return peers_[who].socket.local().port(); }

  /// Sends @p bytes in as few segments as may be, and has the server read them.
  void send(client who, std::string_view bytes) {
    for (int turns = 0; !bytes.empty() && turns < most_turns; ++turns) {
      const jalon::io_result result = peers_[who].socket.write_some(bytes);
      if (result.status == jalon::io_status::error) return;  // what comes next tells
      bytes.remove_prefix(result.bytes);
      turn();
    }
  }

  void end_input(client who) {
    peers_[who].socket.shutdown_write();
    turn();
  }

  void disconnect(client who) {
    peers_[who].socket = {};
    turn();
  }

  delivery next(client who) {
    for (int turns = 0; turns < most_turns; ++turns) {
      if (auto got = pending(who); got.what != delivery::nothing) return got;
      loop_.run_once(std::chrono::milliseconds(5));
    }
    return {};
  }

  delivery pending(client who) {
    peer& to = peers_[who];
    for (;;) {
      const auto end = to.in.find('\n', to.scanned);
      if (end != to.in.npos) return {delivery::line, to.take_line(end)};
      to.scanned = to.in.size();
      char bytes[65'536];
      const jalon::io_result result = to.socket.read_some(bytes);
      if (result.status == jalon::io_status::error) return {delivery::reset, {}};
      if (result.status == jalon::io_status::would_block) return {};
      if (result.status == jalon::io_status::end) return {delivery::end, to.in};
      to.in.append(bytes, result.bytes);
    }
  }

 private:
  struct peer {
    jalon::stream_socket socket;
    std::string in = {};
    std::size_t scanned = 0;  // bytes of `in` that hold no LF

    std::string take_line(std::size_t end) {
      std::string line = in.substr(0, end);
      in.erase(0, end + 1);
      scanned = 0;
      return line;
    }
  };

  static constexpr int most_turns = 1'000;

  static jalon::stream_socket bind_to(const std::string& address) {
    const auto any_port = jalon::endpoint::ip(address, 0).value();
    auto socket = jalon::stream_socket::open(any_port.family());
    jalon::check_call(::bind(socket.fd(), any_port.data(), any_port.size()), "bind", address);
    return socket;
  }

  static void begin_connect(jalon::stream_socket& socket, const jalon::endpoint& to) {
    if (::connect(socket.fd(), to.data(), to.size()) == 0 || errno == EINPROGRESS) return;
    jalon::throw_system_error(errno, "connect", to.to_string());
  }

  jalon::server_options options() {
    jalon::server_options chosen;
    chosen.wall_clock = [this] { return now_; };
    return chosen;
  }

  // What was sent on the loopback is there at once, and is read: by Asio's loop in its second turn,
  // for it finds out in the first what it hands out in the next.
  void turn() {
    loop_.run_once(std::chrono::milliseconds(0));
    loop_.run_once(std::chrono::milliseconds(0));
  }

  Loop& loop_;
  std::chrono::system_clock::time_point now_;
  jalon::server<Loop> server_;
  std::vector<peer> peers_;
};

}  // namespace support
