// Milestone 4, the client: users, channels, and files from peer to peer. Chapter:
// tutorial/04-files.
#include <chrono>
#include <cstdint>
#include <string>

#include "02-users/commands.hpp"
#include "03-channels/commands.hpp"
#include "chat/client_program.hpp"
#include "chat/session_commands.hpp"
#include "commands.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    std::string folder = "inbox";
    std::uint64_t reading_time = 1'000;
    const auto options = program::parse_client_options(
        argc, argv, "jalon 04-files", {{"--inbox", "DIR", "where received files go", folder}},
        {{"--reading-time", "MILLISECONDS",
          "how long a question is shown at a terminal before Y or N answers it; 1000 if left out",
          reading_time, 0, 60'000}});
    chat::client_program client(options);
    chat::session_commands session(client.core());
    chat::user_commands users(client.core());
    chat::channel_commands channels(client.core());
    chat::file_commands files(
        client.loop(), client.core(), transfer::inbox(folder),
        {.local = client.local(),
         .server = client.server(),
         .progress = [&](const std::string& line) { client.user().progress(line); },
         .idle = [&] { client.stop_if_done(); },
         .reading_time =
             std::chrono::milliseconds(client.user().interactive() ? reading_time : 0)});
    client.stay_while([&] { return files.busy(); });
    return client.run();
  });
}
