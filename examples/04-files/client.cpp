// Milestone 4, the client: users, channels, and files from peer to peer. Chapter:
// tutorial/04-files.
#include <signal.h>

#include <string>

#include "02-users/client_program.hpp"
#include "02-users/user_commands.hpp"
#include "03-channels/channel_commands.hpp"
#include "file_commands.hpp"

int main(int argc, char* argv[]) {
  return example::run_main([&] {
    std::string folder = "inbox";
    const auto options = example::parse_client_options(
        argc, argv, "jalon 04-files", {{"--inbox", "DIR", "where received files go", folder}});
    ::signal(SIGPIPE, SIG_IGN);  // sendfile(2) raises it, and cannot be told not to
    example::client_program program(options);
    chat::user_commands users(program.core());
    chat::channel_commands channels(program.core());
    example::file_commands files(
        program.loop(), program.core(), example::inbox(folder),
        {program.local(), [&](const std::string& line) { program.user().progress(line); },
         [&] { program.stop_if_done(); }});
    program.stay_while([&] { return files.busy(); });
    return program.run();
  });
}
