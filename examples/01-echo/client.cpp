// Milestone 1, the client: sends what is typed, shows what comes back.
// It watches the keyboard and the server at the same time, on one loop. Chapter: tutorial/01-echo.
#include <string_view>
#include <utility>

#include "program/console.hpp"
#include "program/server_link.hpp"

namespace {

// Connects the user's console with the link to the server.
class echo_client {
 public:
  echo_client(jalon::reactor& loop, jalon::stream_socket server)
      : loop_(loop),
        link_(loop, std::move(server),
              {.line = [this](std::string_view line) { user_.show(line); },
               .malformed = [this] { user_.show("(a line too long)", program::look::failure); },
               .closed = [this] { leave(); },
               .busy = [this](bool busy) { user_.pause(busy); }}),
        user_(loop, {.line = [this](std::string_view line) { typed(line); },
                     .end = [this] { link_.finish(); }}) {}

  int status() const { return link_.status(); }

 private:
  void typed(std::string_view line) {
    link_.send(line);
    if (line == "/quit") link_.finish();
  }

  void leave() {
    if (link_.status() != 0) user_.show("the server has gone", program::look::failure);
    loop_.stop();
  }

  jalon::reactor& loop_;
  program::server_link link_;
  program::console user_;
};

}  // namespace

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = program::parse_client_options(argc, argv, "jalon 01-echo");
    auto server = program::connect_to(options);
    jalon::reactor loop;
    echo_client client(loop, std::move(server));
    loop.run();
    return client.status();
  });
}
