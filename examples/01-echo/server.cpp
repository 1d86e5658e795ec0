// Milestone 1, the server: sends every line back to the client that sent it.
// Chapter: tutorial/01-echo. Its smallest form, without options and log, is tiny_server.cpp.
#include "common/run_server.hpp"

namespace {

struct echo {
  void received(jalon::connection_id who, std::string_view line, jalon::actions& out) {
    if (line == "/quit")
      out.close(who);
    else
      out.send(who, line);
  }

  // Without this, who sends too long a line would be parted from.
  void malformed(jalon::connection_id who, std::error_code, jalon::actions& out) {
    out.send(who, "error: line too long");
  }
};

}  // namespace

int main(int argc, char* argv[]) {
  return example::run_main([&] {
    const auto options = example::parse_server_options(argc, argv, "jalon 01-echo");
    echo service;
    return example::run_server(service, options);
  });
}
