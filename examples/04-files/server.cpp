// Milestone 4, the server: users, channels, and offers of files. Chapter: tutorial/04-files.
#include "02-users/run_chat.hpp"
#include "02-users/users.hpp"
#include "03-channels/channels.hpp"
#include "common/random.hpp"
#include "transfers.hpp"

int main(int argc, char* argv[]) {
  return example::run_main([&] {
    const auto options = example::parse_server_options(argc, argv, "jalon 04-files");
    chat::dispatcher chat(example::server_name());
    chat::users users(chat);
    chat::channels channels(chat, users);
    chat::transfers transfers(chat, users, example::random_token);
    return example::run_chat(chat, options);
  });
}
