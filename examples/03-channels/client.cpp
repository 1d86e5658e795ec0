// Milestone 3, the client: users and channels. Chapter: tutorial/03-channels.
#include "02-users/commands.hpp"
#include "chat/client_program.hpp"
#include "chat/session_commands.hpp"
#include "commands.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = program::parse_client_options(argc, argv, "jalon 03-channels");
    chat::client_program client(options);
    chat::session_commands session(client.core());
    chat::user_commands users(client.core());
    chat::channel_commands channels(client.core());
    return client.run();
  });
}
