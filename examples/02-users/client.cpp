// Milestone 2, the client: users. Chapter: tutorial/02-users.
#include "client_program.hpp"
#include "user_commands.hpp"

int main(int argc, char* argv[]) {
  return example::run_main([&] {
    const auto options = example::parse_client_options(argc, argv, "jalon 02-users");
    example::client_program program(options);
    chat::user_commands users(program.core());
    return program.run();
  });
}
