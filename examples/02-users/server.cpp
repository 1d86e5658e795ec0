// Milestone 2, the server: users, on the wire of docs/protocol.md. Chapter: tutorial/02-users.
#include "chat/run_chat.hpp"
#include "chat/session.hpp"
#include "rules.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = chat::parse_options(argc, argv, "jalon 02-users");
    chat::router router;
    chat::session session(router, program::server_name());
    chat::users users(router);
    return chat::run_chat(router, options);
  });
}
