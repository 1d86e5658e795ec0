// An echo server for many clients, whole; chapter: tutorial/01-echo.
// `tiny_server PORT` sends every line back; the line /quit ends the connection.
#include <iostream>

#include <jalon.hpp>

struct echo final : jalon::service {
  void received(jalon::connection_id who, std::string_view line, jalon::actions& out) override {
    if (line == "/quit")
      out.close(who);
    else
      out.send(who, line);
  }
};

int main(int argc, char* argv[]) try {
  const auto port = jalon::parse_number<std::uint16_t>(argc == 2 ? argv[1] : "");
  if (!port) throw std::runtime_error("usage: tiny_server PORT");
  jalon::reactor loop;
  echo service;
  jalon::server server(loop, jalon::listener(jalon::endpoint::loopback(*port)), service);
  std::cout << "listening on " << server.local().to_string() << std::endl;
  loop.run();
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
