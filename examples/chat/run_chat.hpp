// Runs a chat server as a program, with the limits of docs/protocol.md. Chapter: tutorial/02-users.
#pragma once

#include <string>
#include <utility>

#include <jalon/json_message.hpp>
#include <jalon/service.hpp>

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

/// Runs @p chat until SIGINT or SIGTERM. @return the program's exit status
inline int run_chat(router& chat, const program::server_options& options) {
  jalon::server_options how;
  how.last_frame = last_line;
  return program::run_server(chat, options, std::move(how), jalon::line_codec(max_line));
}

}  // namespace chat
