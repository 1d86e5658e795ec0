// A chat server's main: the chat, hosted as its protocol wants it.
// No request is known here. Chapter: tutorial/02-users.
#pragma once

#include <utility>

#include <jalon/json_message.hpp>

#include "common/run_server.hpp"
#include "dispatcher.hpp"

namespace example {

/// Runs @p chat until SIGINT or SIGTERM. @return the program's exit status
inline int run_chat(chat::dispatcher& chat, const server_options& options) {
  jalon::server_options how;
  how.not_reading_notice = jalon::write_message(
      chat::error{"not_reading", "you do not read what is sent to you; the server parts from you"});
  return run_server(chat, options, std::move(how), jalon::line_codec(chat::max_line));
}

}  // namespace example
