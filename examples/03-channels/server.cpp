// Milestone 3, the server: users and channels. Chapter: tutorial/03-channels.
#include "02-users/rules.hpp"
#include "chat/run_chat.hpp"
#include "chat/session.hpp"
#include "rules.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = chat::parse_options(argc, argv, "jalon 03-channels");
    chat::router router;
    chat::session session(router, program::server_name());
    chat::users users(router);
    chat::channels channels(router, users);
    return chat::run_chat(router, options);
  });
}
