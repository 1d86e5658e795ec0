// A client's connection to its server, from the first message to the exit status.
// What a line means is not known here, and no user.
#pragma once

#include <functional>
#include <string_view>

#include <jalon/connection.hpp>
#include <jalon/reactor.hpp>
#include <jalon/socket.hpp>

#include "options.hpp"

namespace program {

/// Connects within ten seconds, whatever the name stands for, and says so on standard output:
/// `Connecting to 127.0.0.1:8080 ... done!`
///
/// **Blocks**: there is nothing else to do yet.
/// @throws std::system_error
jalon::stream_socket connect_to(const client_options& server);

/// What a link calls. All of it is needed.
struct link_handlers {
  /// A line has come; without its end.
  std::function<void(std::string_view line)> line = {};
  /// A line was too long and is lost.
  std::function<void()> malformed = {};
  /// The server has closed the connection, or it broke: `status()` says whether that was due.
  /// Called once, last.
  std::function<void()> closed = {};
  /// Whether the server takes less than is sent: whoever sends does well to pause, and to go on
  /// when this is called again with false.
  std::function<void(bool busy)> busy = {};
};

/// The lines between a client and its server. For the loop's thread; the loop outlives it. Its
/// handlers may call it, and may not destroy it.
///
/// It reads whatever waits to be sent: if both sides only sent, both would wait for ever.
class server_link {
 public:
  /// Begins to read from @p server.
  server_link(jalon::reactor& loop, jalon::stream_socket server, link_handlers called);

  /// Sends a line, without its end.
  void send(std::string_view line);

  /// Nothing more will be sent: what waits is, then this side ends (a half-close). Answers still
  /// come; when all are here the server closes.
  void finish();

  /// What the program should end with once it is closed: 0 if the server closed after `finish`,
  /// and 1 if it has gone of its own accord.
  int status() const noexcept { return status_; }

 private:
  void receive(const jalon::frame& one);
  void end(std::error_code reason);
  void relax();

  link_handlers handlers_;
  bool finished_ = false;
  bool busy_ = false;
  int status_ = 1;
  jalon::connection<jalon::reactor> connection_;
};

}  // namespace program
