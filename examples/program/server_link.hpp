// A client's connection to its server: lines, the end, and the exit status.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include <jalon/connection.hpp>
#include <jalon/reactor.hpp>
#include <jalon/socket.hpp>

#include "options.hpp"

namespace program {

/// Connects to the server, by a name or an address, within ten seconds. Says so on standard output:
/// `Connecting to 127.0.0.1:8080 ... done!`
///
/// **Blocks**, because the client has nothing else to do yet.
/// @throws std::system_error
jalon::stream_socket connect_to(const client_options& server);

/// What a link calls. All handlers must be set.
struct link_handlers {
  /// Called with each line, without its end.
  std::function<void(std::string_view line)> line = {};
  /// Called for a line that was too long and is lost.
  std::function<void()> malformed = {};
  /// Called once, last: the server has closed the connection, or the connection broke. `status()`
  /// tells whether that was expected.
  std::function<void()> closed = {};
  /// Called with true when the server reads more slowly than lines are sent by `send`, and with
  /// false when the queue is empty again. The sender should pause in between.
  std::function<void(bool busy)> busy = {};
};

/// Sends and receives lines. To be used on the loop's thread; the loop outlives it. Its handlers
/// may call it, and must not destroy it.
///
/// It reads even while lines are queued. If both sides waited for the other to read, neither would
/// make progress.
class server_link : private jalon::connection_handler {
 public:
  /// Begins to read from @p server.
  server_link(jalon::reactor& loop, jalon::stream_socket server, link_handlers handlers);

  /// Sends a line, without its end. If more than 16 MiB wait for a server that does not read, the
  /// connection is closed.
  void send(std::string_view line);

  /// Sends a line that the server has caused, and not the user. It does not make the link busy, or
  /// a server could stop the user's keys from being read.
  void send_unasked(std::string_view line);

  /// Ends the output: sends what is queued, then shuts down the write side (a half-close). Answers
  /// still come; after the last one the server closes.
  void finish();

  /// The exit status of the program once the link is closed: 0 if the server closed after
  /// `finish`, 1 if it closed before, or the connection broke.
  int status() const noexcept { return status_; }

 private:
  void received(const jalon::frame& line) override;
  void ended(std::error_code error) override;
  void drained() override;
  void closed() override { handlers_.closed(); }

  link_handlers handlers_;
  bool finished_ = false;
  bool busy_ = false;
  std::size_t asked_bytes_ = 0;  // of the lines that `send` has sent since the queue was empty
  int status_ = 1;
  jalon::connection<jalon::reactor> connection_;
};

}  // namespace program
