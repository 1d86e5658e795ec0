// A chat client as a program: connects the core with a console and a link to the server. Chapter:
// tutorial/02-users.
//
//     console -- typed lines --> client_core -- requests --> server_link --> server
//             <-- shown lines --             <-- messages --
#pragma once

#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

#include <jalon/reactor.hpp>

#include "client_core.hpp"
#include "program/console.hpp"
#include "program/options.hpp"
#include "program/server_link.hpp"

namespace chat {

/// What the client of every milestone has; each milestone registers its units.
class client_program {
 public:
  /// Connects. @throws std::system_error
  explicit client_program(const program::client_options& options)
      : client_program(program::connect_to(options)) {}
  client_program(const client_program&) = delete;
  client_program& operator=(const client_program&) = delete;

  /// The loop that everything runs on.
  jalon::reactor& loop() noexcept { return loop_; }

  /// Where the units register.
  client_core& core() noexcept { return core_; }

  /// The console.
  program::console& user() noexcept { return console_; }

  /// The local address of the connection to the server.
  const jalon::endpoint& local() const noexcept { return local_; }

  /// The server's address on that connection; no address if it was broken from the start.
  const jalon::endpoint& server() const noexcept { return server_; }

  /// Keeps the program running while @p busy returns true, even if the server has closed the
  /// connection. When that changes, the unit calls `stop_if_done`.
  void stay_while(std::function<bool()> busy) { busy_ = std::move(busy); }

  /// Ends `run` if the connection is closed and no unit is busy.
  void stop_if_done() {
    if (closed_ && !(busy_ && busy_())) loop_.stop();
  }

  /// Runs until the connection has ended and no unit is busy. @return the program's exit status
  int run() {
    loop_.run();
    return link_.status();
  }

 private:
  explicit client_program(jalon::stream_socket server)
      : local_(server.local()),
        server_(remote_of(server)),
        core_({.send = [this](std::string_view line) { link_.send(line); },
               .show = [this](std::string_view text, look kind) { console_.show(text, kind); },
               .prompt = [this](std::string_view text) { console_.prompt(text); },
               .behind = [this](bool behind) { pause(core_is_behind_, behind); },
               .finished = [this] { link_.finish(); },
               .send_unasked = [this](std::string_view line) { link_.send_unasked(line); }}),
        console_(loop_,
                 {.line = [this](std::string_view line) { core_.typed(line, console_.begun()); },
                  .end = [this] { core_.end_of_input(); },
                  .words = [this](std::string_view before) { return core_.words(before); }}),
        link_(loop_, std::move(server),
              {.line = [this](std::string_view line) { core_.received(line); },
               .malformed = [this] { core_.lost_line(); },
               .closed = [this] { end(); },
               .busy = [this](bool busy) { pause(link_is_busy_, busy); }}) {}

  // No address if the connection is broken already; the link reports that.
  static jalon::endpoint remote_of(const jalon::stream_socket& server) {
    try {
      return server.remote();
    } catch (const std::system_error&) {
      return {};
    }
  }

  void pause(bool& reason, bool holds) {
    reason = holds;
    console_.pause(core_is_behind_ || link_is_busy_);
  }

  void end() {
    closed_ = true;
    if (link_.status() != 0) console_.show("The server has closed the connection", look::failure);
    stop_if_done();
  }

  jalon::reactor loop_;
  jalon::endpoint local_;
  jalon::endpoint server_;
  client_core core_;
  program::console console_;
  program::server_link link_;
  std::function<bool()> busy_;
  bool core_is_behind_ = false;  // the two reasons to pause the console
  bool link_is_busy_ = false;
  bool closed_ = false;
};

}  // namespace chat
