// Milestone 2, the client: users. Chapter: tutorial/02-users.
#include "chat/client_program.hpp"
#include "chat/session_commands.hpp"
#include "commands.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = program::parse_client_options(argc, argv, "jalon 02-users");
    chat::client_program client(options);
    chat::session_commands session(client.core());
    chat::user_commands users(client.core());
    return client.run();
  });
}
