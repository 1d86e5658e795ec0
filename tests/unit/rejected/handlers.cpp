// Handlers with a slip, which a compiler must reject. rejected.py compiles this file once for each
// SLIP; without one it compiles.
#include <jalon/reactor.hpp>
#include <jalon/server.hpp>

struct echo final : jalon::service {
#if SLIP != 1  // received is left out
  void received(jalon::connection_id from, std::string_view line, jalon::actions& out) override {
    out.send(from, line);
  }
#endif
#if SLIP == 2  // a misspelt name
  void disconected(jalon::connection_id, jalon::departure, jalon::actions&) override {}
#elif SLIP == 3  // a wrong parameter
  void connected(jalon::connection_id, jalon::endpoint, jalon::actions&) override {}
#elif SLIP == 4  // a missing parameter
  void end_of_turn() override {}
#else
  void disconnected(jalon::connection_id, jalon::departure, jalon::actions&) override {}
#endif
};

struct listener_of_frames final : jalon::connection_handler {
  void received(const jalon::frame&) override {}
#if SLIP == 5  // a misspelt name
  void delivred() override {}
#elif SLIP == 6  // a wrong parameter
  void ended(int) override {}
#else
  void ended(std::error_code) override {}
#endif
};

#if SLIP == 7  // not a handler at all
struct other_handler {
  void received(const jalon::frame&) {}
};
#else
using other_handler = listener_of_frames;
#endif

int main() {
  jalon::reactor loop;
  echo service;
  const jalon::server server(loop, jalon::listener(jalon::endpoint::loopback(0)), service);
  other_handler handler;
  const jalon::connection<jalon::reactor, jalon::line_codec, other_handler> link(
      loop, jalon::stream_socket::pair().first, handler);
}
