// What a server does, without a socket and without a clock: events go in, actions come out. A host
// runs a service: server.hpp on an event loop, a test in memory.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "compiled.hpp"
#include "endpoint.hpp"
#include "timer_queue.hpp"

namespace jalon {

/// Identifies a connection. Never reused, unlike a descriptor.
enum class connection_id : std::uint64_t {};

/// A new connection.
struct arrival {
  endpoint peer = {};                               ///< the peer's address
  std::chrono::system_clock::time_point time = {};  ///< when the connection was accepted
};

/// Why a connection is gone.
enum class departure {
  end_of_input,  ///< the peer ended its output, and the service closed the connection after that
  broken,        ///< the connection was reset, or the peer vanished
  not_reading,   ///< a slow consumer: more was queued for it than the hard limit
  stalled,       ///< it accepted no byte of what was queued for `connection_options::stall_timeout`
  unfinished_frame,  ///< it did not finish a frame within `connection_options::frame_timeout`
  memory_limit,      ///< it held the most memory, when all together held more than the host allows
  asked,             ///< the service closed it
};

/// A function that appends one frame to the string that it is given. It saves a copy of the frame.
template <class W>
concept frame_writer = std::invocable<const W&, std::string&>;

/// A frame as text, or a function that appends one.
template <class F>
concept frame_source = frame_writer<F> || std::convertible_to<const F&, std::string_view>;

/// What a service asks its host to do, in order. It is only data: the host applies it.
///
/// A host gives a service its list of actions with every call. A service may also keep a list of
/// its own, and release it later: it appends it to the list of another call, `end_of_turn` for
/// example, or gives it to the host from outside (`server::apply`). What is asked for connections
/// that are gone by then has no effect.
class actions {
 public:
  /// Send `frame(...)` to all of `recipients(...)`.
  struct send_frame {
    std::size_t begin = 0;  ///< index of the frame's first byte in the text of all frames
    std::size_t size = 0;   ///< bytes of the frame
    std::size_t first = 0;  ///< index of the first recipient in the list of all recipients
    std::size_t count = 0;  ///< number of recipients
  };
  /// Close a connection gracefully, after all that was sent to it.
  struct close_connection {
    connection_id id;  ///< the connection
  };
  /// Deliver no frame of a connection until `resume`.
  struct pause_input {
    connection_id id;  ///< the connection
  };
  /// Deliver its frames again.
  struct resume_input {
    connection_id id;  ///< the connection
  };
  /// Call `elapsed` at this time; replaces an earlier time.
  struct wake {
    steady_time when;  ///< the loop's time
  };
  /// Tell the operator of an event: a line of the host's log.
  struct log_event {
    connection_id about;    ///< the connection that the event concerns
    std::size_t begin = 0;  ///< index of its first byte in the text of all frames
    std::size_t size = 0;   ///< bytes of the text
  };
  /// One action.
  using action =
      std::variant<send_frame, close_connection, pause_input, resume_input, wake, log_event>;

  /// Actions whose `now` is the time that @p clock returns.
  explicit actions(std::function<steady_time()> clock = {}) : clock_(std::move(clock)) {}

  /// Sends @p frame to @p to.
  void send(connection_id to, const frame_source auto& frame) { send(std::span(&to, 1), frame); }

  /// Sends @p frame to all of @p to; it is written once.
  void send(std::span<const connection_id> to, const frame_source auto& frame) {
    const std::size_t first = add_recipients(to);
    send_to_added(first, frame);
  }

  /// Sends @p frame to all of @p to except @p self; it is written once.
  void send_to_others(connection_id self, std::span<const connection_id> to,
                      const frame_source auto& frame) {
    const std::size_t first = add_recipients(to);
    remove_added(first, self);
    send_to_added(first, frame);
  }

  /// Closes @p id gracefully, after all that was sent to it. The service is told by `disconnected`,
  /// with `departure::asked`, or `end_of_input` if the peer had ended its output: after the
  /// call of the service that asks for this has returned, in the order of the actions, and before
  /// another frame is received. A connection that is gone or closing is not closed again.
  void close(connection_id id);

  /// Stops the input of @p id: no frame of it is delivered, and nothing is read from it, until
  /// `resume`. The input that waits is bounded, and counts: see `server_options::memory_budget`.
  void pause(connection_id id);

  /// Goes on with the input of @p id.
  void resume(connection_id id);

  /// Asks for a call of `elapsed` at @p when.
  void wake_at(steady_time when);

  /// Logs that @p event has happened to @p about; the host adds its name (`service::describe`) and
  /// its address. @p event is a fixed text, so that a log can count those that are alike.
  void log(connection_id about, std::string_view event);

  /// Appends a copy of all actions of @p other.
  void append(const actions& other);

  /// The loop's time, in the list that a host gives; the epoch in a list without a clock.
  steady_time now() const { return clock_ ? clock_() : steady_time{}; }

  /// The number of actions.
  std::size_t size() const noexcept { return list_.size(); }

  /// The action at @p index; valid until the next is added.
  const action& operator[](std::size_t index) const { return list_[index]; }

  /// The frame of @p sent; valid until the next action is added.
  std::string_view frame(const send_frame& sent) const {
    return std::string_view(text_).substr(sent.begin, sent.size);
  }

  /// The text of @p logged; valid until the next action is added.
  std::string_view event(const log_event& logged) const {
    return std::string_view(text_).substr(logged.begin, logged.size);
  }

  /// The recipients of @p sent; valid until the next action is added.
  std::span<const connection_id> recipients(const send_frame& sent) const {
    return std::span(recipients_).subspan(sent.first, sent.count);
  }

  /// Removes all actions, and keeps the memory.
  void clear() noexcept;

 private:
  // @return the index of the first
  std::size_t add_recipients(std::span<const connection_id> to);

  // Removes @p id from the recipients from index @p first on.
  void remove_added(std::size_t first, connection_id id);

  void send_to_added(std::size_t first, const frame_source auto& frame) {
    const std::size_t count = recipients_.size() - first;
    if (count == 0) return;
    const std::size_t begin = text_.size();
    write(frame);
    list_.emplace_back(send_frame{begin, text_.size() - begin, first, count});
  }

  void write(std::string_view frame) { text_ += frame; }
  void write(const frame_writer auto& writer) { writer(text_); }

  std::vector<action> list_;
  std::string text_;                       // all frames, one after the other
  std::vector<connection_id> recipients_;  // of all frames, likewise
  std::function<steady_time()> clock_;
};

/// What a host can run. A service derives from it and overrides what it needs; write `override`,
/// and the compiler finds a misspelt name or a wrong parameter.
///
/// All calls come from the host's thread. A service does not throw because of what a peer sent. If
/// a call does throw, the exception leaves the loop's `run`; what the call asked for before is
/// still done, and the host stays valid.
class service {
 public:
  service() = default;
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  /// A frame has come. @param frame without delimiter or length; valid during the call
  virtual void received(connection_id id, std::string_view frame, actions& out) = 0;

  /// A connection has come. The first call for @p id.
  virtual void connected(connection_id /*id*/, const arrival& /*how*/, actions& /*out*/) {}

  /// A frame is lost: it was too long, or was cut off. By default the connection is closed.
  virtual void malformed(connection_id id, std::error_code /*error*/, actions& out) {
    out.close(id);
  }

  /// The peer has ended its output (half-close): no more frames will come. It still receives. By
  /// default the connection is closed once all is sent. A service that holds answers back overrides
  /// this, and closes when they are sent. Until then nothing is read: that the peer is gone shows
  /// only when something is sent to it, so a service that waits for long should set a limit
  /// (`actions::wake_at`).
  virtual void input_ended(connection_id id, actions& out) { out.close(id); }

  /// A connection is gone, or is being closed: nothing more can be sent to it. The last call for
  /// @p id, whatever the reason, once. What is added to the list of actions here is applied after
  /// the actions that were asked for before.
  virtual void disconnected(connection_id /*id*/, departure /*why*/, actions& /*out*/) {}

  /// The socket of a connection that is gone is closed. From `disconnected` until now it still held
  /// a descriptor, for its peer to receive what was sent: for a service that counts these. It may
  /// be called while the host applies actions, or destroys the connection, and must not throw.
  virtual void released(connection_id /*id*/) noexcept {}

  /// The time that `actions::wake_at` asked for has come. It is called once for each time that was
  /// asked for and not replaced; a service that wants to be called again asks again, here for
  /// example. Connections that are closed here are reported as `actions::close` says:
  /// `disconnected` is called for each when `elapsed` has returned, in the order of the actions.
  /// Then the turn ends with `end_of_turn`.
  virtual void elapsed(steady_time /*now*/, actions& /*out*/) {}

  /// All that was read in this turn of the loop has been handled, and the answers are not written
  /// yet. For a service that holds its actions back to commit them together.
  virtual void end_of_turn(actions& /*out*/) {}

  /// How the host's log names @p id besides its address: the name of a user, for example. Empty for
  /// none. Any text: whoever shows it replaces control characters. Called before `disconnected`,
  /// also while the host applies actions.
  virtual std::string describe(connection_id /*id*/) const { return {}; }

 protected:
  ~service() = default;
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/service.hpp"
#endif
