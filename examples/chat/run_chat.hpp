// Runs a chat server as a program, with the limits of docs/protocol.md. Chapter: tutorial/02-users.
#pragma once

#include <utility>

#include <jalon/json_message.hpp>

#include "program/run_server.hpp"
#include "router.hpp"

namespace chat {

/// Runs @p chat until SIGINT or SIGTERM. @return the program's exit status
inline int run_chat(router& chat, const program::server_options& options) {
  jalon::server_options how;
  how.not_reading_notice = jalon::write_message(error{
      "not_reading", "you do not read what is sent to you; the server closes the connection"});
  return program::run_server(chat, options, std::move(how), jalon::line_codec(max_line));
}

}  // namespace chat
