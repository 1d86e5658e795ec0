// Milestone 3, the server: users and channels. Chapter: tutorial/03-channels.
#include "02-users/run_chat.hpp"
#include "02-users/users.hpp"
#include "channels.hpp"

int main(int argc, char* argv[]) {
  return example::run_main([&] {
    const auto options = example::parse_server_options(argc, argv, "jalon 03-channels");
    chat::dispatcher chat(example::server_name());
    chat::users users(chat);
    chat::channels channels(chat, users);
    return example::run_chat(chat, options);
  });
}
