// A client's session, before there are users: the greeting, and the requests that concern nobody
// but the client who sends them. Chapter: tutorial/02-users.
#pragma once

#include <string>
#include <utility>

#include "router.hpp"
#include "session_messages.hpp"

namespace chat {

/// The first unit of every chat server.
class session {
 public:
  /// Registers its requests with @p chat, which outlives it.
  /// @param server_name name and version, for the greeting
  session(router& chat, std::string server_name)
      : chat_(chat), server_name_(std::move(server_name)) {
    chat.on_connected([this](connection_id id, const jalon::arrival& /*arrival*/, actions& out) {
      greet(id, out);
    });
    chat.route<echo, ping, quit>(access::anyone, *this);
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  // What the router calls.

  answer handle(connection_id /*from*/, const echo& request, actions& /*out*/) {
    return answer{request};
  }

  answer handle(connection_id /*from*/, const ping& /*request*/, actions& /*out*/) {
    return answer{pong{}};
  }

  answer handle(connection_id /*from*/, const quit& /*request*/, actions& /*out*/) {
    return answer{bye{}}.then_close();
  }

 private:
  void greet(connection_id id, actions& out) {
    hello greeting;
    greeting.server = server_name_;
    greeting.features = chat_.features();
    out.send(id, jalon::as_line(greeting));
  }

  router& chat_;
  std::string server_name_;
};

}  // namespace chat
