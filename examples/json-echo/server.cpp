// The first half of milestone 2, the server: the router with one unit, a session without users.
// Chapter: tutorial/02-users. Every later server adds its units to this one.
#include "chat/run_chat.hpp"
#include "chat/session.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = chat::parse_options(argc, argv, "jalon json-echo");
    chat::router router;
    chat::session session(router, program::server_name());
    return chat::run_chat(router, options);
  });
}
