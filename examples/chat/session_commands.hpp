// The client's side of a session: the server's errors, and the echo of a line without a command.
// Chapter: tutorial/02-users.
#pragma once

#include <string_view>

#include "client_core.hpp"
#include "session_messages.hpp"

namespace chat {

/// The first unit of every chat client.
class session_commands {
 public:
  /// Registers its messages with @p client, which outlives it.
  explicit session_commands(client_core& client) : client_(client) {
    client.on_plain_line([this](std::string_view line) { return request_echo(line); });
    client.handle_messages<error, echo>(*this);
  }
  session_commands(const session_commands&) = delete;
  session_commands& operator=(const session_commands&) = delete;

  // What the core calls when a message has come.

  void handle(const error& message) { client_.show_server(message.message); }
  void handle(const echo& message) { client_.show_server(message.text.value()); }

 private:
  // Sends a line without a command to the server, which sends it back.
  bool request_echo(std::string_view line) {
    if (const auto text = client_.checked<message_text>(line)) client_.request(echo{*text});
    return true;
  }

  client_core& client_;
};

}  // namespace chat
