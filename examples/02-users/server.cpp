// Milestone 2, the server: users, on the wire of docs/protocol.md. Chapter: tutorial/02-users.
#include "run_chat.hpp"
#include "users.hpp"

int main(int argc, char* argv[]) {
  return example::run_main([&] {
    const auto options = example::parse_server_options(argc, argv, "jalon 02-users");
    chat::dispatcher chat(example::server_name());
    chat::users users(chat);
    return example::run_chat(chat, options);
  });
}
