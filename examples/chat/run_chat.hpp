// Runs a chat server as a program: its options, its limits (docs/limits.md), its last words to a
// client. Chapter: tutorial/02-users.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <jalon/json_message.hpp>
#include <jalon/service.hpp>

#include "foreign_protocol.hpp"
#include "limits.hpp"
#include "policy.hpp"
#include "program/run_server.hpp"
#include "router.hpp"

namespace chat {

/// The last line to a client that the server disconnects for @p why: an error without a request.
inline std::string last_line(jalon::departure why) {
  const auto line = [](std::string code, std::string message) {
    return jalon::write_message(error{std::move(code), std::move(message)});
  };
  switch (why) {
    case jalon::departure::not_reading:
      return line("not_reading", "you do not read what is sent to you");
    case jalon::departure::stalled:
      return line("read_timeout", "for too long you have read nothing of what is sent to you");
    case jalon::departure::unfinished_frame:
      return line("line_timeout", "for too long you have not finished a line");
    case jalon::departure::memory_limit:
      return line("memory_limit", "the server is short of memory, and you hold the most of it");
    default:
      return {};
  }
}

/// The parsed command line of a chat server.
struct chat_options {
  program::server_options host = {};  ///< what all servers have
  service_limits limits = {};         ///< what one client may ask of the chat
};

/// Parses the command line of a chat server. @param name the program's name in its help
/// @throws program::usage_error, program::text_request; see `run_main`
inline chat_options parse_options(int argc, const char* const* argv, const std::string& name) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  constexpr std::uint64_t most_seconds = 1'000'000'000;
  chat_options options;
  service_limits& limits = options.limits;
  std::uint64_t wait = 5;
  std::uint64_t login = 120;
  options.host = program::parse_server_options(
      argc, argv, name,
      {{"--rate", "N", "How many deliveries a second one client may cause; 50000 if left out",
        limits.rate, 1, most},
       {"--burst", "N", "How many it may cause at once, after it was quiet; 200000 if left out",
        limits.burst, 1, most},
       {"--longest-wait", "SECONDS",
        "A client that would have to wait for longer is refused; 5 if left out", wait, 0,
        most_seconds},
       {"--turn-work", "N", "How many deliveries a turn of the loop may cause; 500000 if left out",
        limits.turn_work, 1, most},
       {"--held-lines", "BYTES", "How much may wait for later turns; 16 MiB if left out",
        limits.held_bytes, 0, most},
       {"--login-timeout", "SECONDS",
        "How long a client of another machine may have no nick; 120 if left out", login, 1,
        most_seconds},
       {"--connections-per-address", "N",
        "How many connections another machine may have; 512 if left out",
        limits.connections_per_address, 1, most}});
  limits.longest_wait = std::chrono::seconds(wait);
  limits.login_time = std::chrono::seconds(login);
  if (options.host.no_limits) limits = service_limits::none();
  return options;
}

/// Runs @p chat until SIGINT or SIGTERM. @return the program's exit status
inline int run_chat(router& chat, const chat_options& options) {
  policy limited(chat, options.limits);
  jalon::server_options how;
  how.last_frame = last_line;
  return program::run_server(limited, options.host, std::move(how), guarded_line_codec(max_line));
}

}  // namespace chat
