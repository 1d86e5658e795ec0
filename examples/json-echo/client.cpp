// The first half of milestone 2, the client: a line comes back, in JSON both ways.
// Chapter: tutorial/02-users.
#include "chat/client_program.hpp"
#include "chat/session_commands.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = program::parse_client_options(argc, argv, "jalon json-echo");
    chat::client_program client(options);
    chat::session_commands session(client.core());
    return client.run();
  });
}
