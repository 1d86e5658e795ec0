// Two programs that tell each other by UDP that they are there: a datagram socket and two timers on
// one loop. Recipe: docs/recipes.md.
//
//     heartbeat PORT          waits for a peer
//     heartbeat PORT PEER     sends to a peer, for example 127.0.0.1:9000
#include <array>
#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <utility>

#include <jalon.hpp>

class heartbeat {
 public:
  heartbeat(jalon::reactor& loop, const jalon::endpoint& at,
            const std::optional<jalon::endpoint>& peer)
      : loop_(loop),
        socket_(at),
        peer_(peer),
        watch_(loop.watch(
            socket_.fd(), jalon::io_events::read, [this](jalon::io_events) { receive(); },
            "heartbeat")) {
    std::cout << "listening on " << socket_.local().to_string() << std::endl;
    beat();
  }

 private:
  static constexpr std::chrono::milliseconds interval{200};
  static constexpr std::chrono::seconds patience{1};

  // A timer calls once. A function that is to be called again and again sets the next timer.
  void beat() {
    if (peer_) socket_.send_to("I am here", *peer_);
    next_beat_ = loop_.at(loop_.now() + interval, [this] { beat(); });
  }

  // Receives one datagram. If there are more, the loop calls again in its next turn.
  void receive() {
    std::array<char, 64> bytes;
    const jalon::datagram came = socket_.receive(bytes);
    if (came.result.status != jalon::io_status::ok) return;
    if (!peer_) peer_ = came.from;
    if (came.from != *peer_) return;  // anybody can send to this socket
    if (!std::exchange(peer_is_there_, true)) std::cout << "the peer is there" << std::endl;
    // The new timer replaces the last one, which is cancelled.
    silence_ = loop_.at(loop_.now() + patience, [this] { lose_peer(); });
  }

  void lose_peer() {
    peer_is_there_ = false;
    std::cout << "the peer is gone" << std::endl;
  }

  jalon::reactor& loop_;
  jalon::datagram_socket socket_;
  std::optional<jalon::endpoint> peer_;
  bool peer_is_there_ = false;
  jalon::reactor::timer_type next_beat_;
  jalon::reactor::timer_type silence_;
  jalon::reactor::watch_type watch_;  // destroyed first, while its descriptor is still open
};

int main(int argc, char* argv[]) try {
  const auto port = jalon::parse_number<std::uint16_t>(argc > 1 ? argv[1] : "");
  const auto peer = argc > 2 ? jalon::endpoint::parse(argv[2]) : std::nullopt;
  if (!port || argc > 3 || (argc == 3 && !peer))
    throw std::runtime_error("usage: heartbeat PORT [PEER]");
  jalon::reactor loop;
  heartbeat with_peer(loop, jalon::endpoint::loopback(*port), peer);
  loop.run();
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
