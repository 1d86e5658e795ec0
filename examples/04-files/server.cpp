// Milestone 4, the server: users, channels, and offers of files. Chapter: tutorial/04-files.
#include "02-users/rules.hpp"
#include "03-channels/rules.hpp"
#include "chat/run_chat.hpp"
#include "chat/session.hpp"
#include "program/random_token.hpp"
#include "rules.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = chat::parse_options(argc, argv, "jalon 04-files");
    chat::router router;
    chat::session session(router, program::server_name());
    chat::users users(router);
    chat::channels channels(router, users);
    chat::transfers transfers(router, users, program::random_token);
    return chat::run_chat(router, options);
  });
}
