// Milestone 3, the client: users and channels. Chapter: tutorial/03-channels.
#include "02-users/client_program.hpp"
#include "02-users/user_commands.hpp"
#include "channel_commands.hpp"

int main(int argc, char* argv[]) {
  return example::run_main([&] {
    const auto options = example::parse_client_options(argc, argv, "jalon 03-channels");
    example::client_program program(options);
    chat::user_commands users(program.core());
    chat::channel_commands channels(program.core());
    return program.run();
  });
}
