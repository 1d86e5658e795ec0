// A socket, its codec and its write queue together, on an event loop. A connection does not know
// what a frame means, or that there are other connections. Its states are in connection_state.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "buffer.hpp"
#include "connection_state.hpp"
#include "event_loop.hpp"
#include "frame.hpp"
#include "line_codec.hpp"
#include "socket.hpp"
#include "write_queue.hpp"

namespace jalon {

/// A limit of time that a peer has not kept.
enum class connection_deadline : unsigned char {
  stall,  ///< it accepted no byte for `connection_options::stall_timeout`
  frame,  ///< it did not finish a frame within `connection_options::frame_timeout`
  drain,  ///< closing, it accepted no byte for `connection_options::drain_timeout`
  close,  ///< it was not closed within `connection_options::close_timeout`
};

/// What a connection calls. A handler may call every function of the connection. It may not destroy
/// the connection, but may have the loop retire it, best in `closed`, the last call.
///
/// A handler may throw; the exception leaves the loop's `run`. The connection stays valid, and the
/// frames that have not been delivered yet are delivered in a later turn.
class connection_handler {
 public:
  connection_handler() = default;
  connection_handler(const connection_handler&) = delete;
  connection_handler& operator=(const connection_handler&) = delete;

  /// A frame has come, or the report that one is lost.
  virtual void received(const frame& received) = 0;

  /// The frames of one read have been delivered; maybe there was no whole frame in it.
  virtual void delivered() {}

  /// The peer has ended its output, and all its frames are delivered (no error), or the connection
  /// is broken (an error): then the socket is closed already, and `closed` follows. Not called once
  /// the owner has closed the connection.
  ///
  /// After an end without an error, frames may still be sent until `close`. Nothing is read any
  /// more, so a break shows only when something is sent, and this is called again, with the error.
  /// An owner that waits for something else before it sends should set a timer.
  virtual void ended(std::error_code /*error*/) {}

  /// All that was queued is sent.
  virtual void drained() {}

  /// The peer has not kept a deadline. An open connection closes after this call, without what is
  /// queued if the peer does not accept it, unless the handler has closed it: a handler that has a
  /// last frame to send does both. If it was closing already, its socket is closed after this call.
  virtual void late(connection_deadline /*which*/) {}

  /// The connection now holds so much memory for its peer: the capacity of its input buffer, and
  /// what a full socket has left in its write queue (`write_queue::memory`). Called when that has
  /// changed, after a read and at the end of a turn. What a turn sends and the socket accepts is
  /// never counted.
  virtual void holds(std::size_t /*bytes*/) {}

  /// The socket is closed. Called once, last.
  virtual void closed() {}

 protected:
  ~connection_handler() = default;
};

/// The limits of a connection. A peer accepts a byte when its system acknowledges it
/// (`stream_socket::unacknowledged`): what waits in this system's send buffer is not accepted yet,
/// and a peer that reads slowly and steadily makes progress although the buffer stays full.
struct connection_options {
  queue_limits queue = {};  ///< what may be queued for the peer
  /// After `close`: a peer that accepts no byte and does not end its side for this time, and at
  /// most twice as long, is cut off (`connection_handler::late`).
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(10);
  /// After `close`: a connection that is not closed within this time, whatever its peer accepts, is
  /// cut off likewise. The largest duration: never.
  std::chrono::milliseconds close_timeout = std::chrono::seconds(60);
  /// A peer for which bytes are queued, or in this system's send buffer, and that accepts none for
  /// this time, and at most twice as long, is disconnected (`connection_handler::late`). Of a unix
  /// socket only queued bytes count. The largest duration: never.
  std::chrono::milliseconds stall_timeout = std::chrono::milliseconds::max();
  /// A peer that has begun a frame, and does not finish it within this time from its first byte,
  /// and at most twice as long, is disconnected likewise. A frame that is too long, and is
  /// discarded up to its end, has begun too. While the connection does not read, because it is
  /// paused or its queue is high, the time does not count. The largest duration: never.
  std::chrono::milliseconds frame_timeout = std::chrono::milliseconds::max();
  /// The most that is read in one turn of the loop, in bytes.
  std::size_t read_bytes = 16'384;
};

/// The connection to one peer. Frames come in by `connection_handler::received` and go out by
/// `send`.
///
/// - What is sent in a turn of the loop is written at its end, in one gathered write. Only what a
///   full socket has left behind is written earlier in a turn, when the socket is ready again.
/// - While its write queue is above the high-water mark, it reads nothing and delivers nothing: a
///   peer that sends requests faster than it takes the answers is slowed down (back-pressure).
/// - It reads at most `connection_options::read_bytes` a turn, so a peer that floods it does not
///   delay the others.
/// - It holds no input memory unless a frame has come in part.
/// - Its deadlines cost a message nothing: a timer is not set anew for each frame. When it expires,
///   it looks whether the peer has done anything since it was set, and is set again if so. That is
///   why a deadline may take twice its time.
///
/// For the loop's thread. Loop and handler outlive it.
///
/// @tparam Handler derived from `connection_handler`. If it is a final class, what it calls is
/// known to the compiler, and what the class does not override costs nothing.
template <event_loop Loop, codec Codec = line_codec, class Handler = connection_handler>
class connection {
 public:
  /// Begins to read @p socket, which is connected and non-blocking.
  connection(Loop& loop, stream_socket socket, Handler& handler,
             const connection_options& options = {}, Codec codec = Codec{});
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() = default;

  /// Sends a frame that is encoded already; other connections may share it.
  /// @return false if the queue would pass its hard limit: nothing is sent, the peer does not read
  bool send(const shared_payload& encoded) {
    if (!accepts_output(phase_)) return true;  // it is closing: dropped, and no reason to complain
    if (!queue_.push(encoded)) return false;
    end_of_turn_.schedule();
    return true;
  }

  /// Encodes @p frame_payload and sends it. @return as above
  bool send(std::string_view frame_payload) {
    std::string encoded;
    codec_.encode(frame_payload, encoded);
    return send(make_payload(std::move(encoded)));
  }

  /// Ends the output once all that is queued is sent (half-close); frames are still delivered,
  /// until the peer ends its side too. What is sent after this call is dropped.
  void end_output() {
    end_of_turn_.schedule();
    apply_event(connection_event::end_output);
  }

  /// Closes gracefully: stops delivering, sends what is queued, shuts down the write side, discards
  /// what still comes until the peer ends its side (a lingering close), and closes the socket. If
  /// the socket were closed at once, the kernel would answer bytes that come later with a reset,
  /// which can overtake the last frames sent.
  void close() { apply_event(connection_event::close); }

  /// Like `close`, but drops what is queued, except for bytes of which a part is sent already, and
  /// sends @p last_frame, which is not encoded, in its place, if the hard limit allows it; empty
  /// for none.
  void close_without_queue(std::string_view last_frame) {
    queue_.drop_unstarted();
    if (!last_frame.empty()) send(last_frame);
    close();
  }

  /// Sends what is queued and closes the socket without waiting for the peer's end: for a program
  /// that is about to exit.
  void close_when_sent() { apply_event(connection_event::leave); }

  /// Closes the socket at once; what is queued is lost. Calls `closed`.
  void abort() { apply_event(connection_event::abort); }

  /// Stops reading and delivering until `resume`. Waiting input is bounded: at most
  /// `connection_options::read_bytes` and a frame that has come in part are held here; the kernel's
  /// socket buffer holds the rest, and then slows the peer down. Nothing is read, so a break shows
  /// only when something is sent.
  void pause() {
    paused_ = true;
    update_interest();
  }

  /// Delivers what has come meanwhile, at the end of this turn, and reads again.
  void resume() {
    paused_ = false;
    end_of_turn_.schedule();
  }

  /// What it is doing.
  connection_phase phase() const noexcept { return phase_; }

  /// Whether it delivers or sends frames: until the first `close` or `abort`, or until it breaks.
  bool open() const noexcept { return !is_closing(phase_); }

  /// How many bytes are queued to be sent.
  std::size_t queued() const noexcept { return queue_.bytes(); }

  /// How many bytes are read and not delivered.
  std::size_t undelivered() const noexcept { return in_.size(); }

  /// How much memory it holds for its peer now, in bytes; see `connection_handler::holds`.
  std::size_t memory() const noexcept {
    return in_.capacity() + (queue_.blocked() ? queue_.memory() : 0);
  }

  /// The socket, for its options and addresses.
  stream_socket& socket() noexcept { return socket_; }

 private:
  // impl/connection.hpp
  void apply_event(connection_event event, std::error_code error = {});
  void close_socket();
  void watch_output(std::int64_t accepted_before);
  void check_output(std::int64_t accepted_before);
  std::int64_t accepted() const noexcept;
  void watch_closing();
  void watch_frame();
  void check_frame(std::size_t steps_before);
  void disconnect_late(connection_deadline which);
  void end_late(connection_deadline which);
  void on_ready(io_events what);
  void read();
  void discard();
  void deliver(bool input_ended = false);
  void end_input();
  void end_turn();
  void write_queued();
  void continue_input();
  void update_interest();
  bool may_deliver() const noexcept;
  bool frame_begun() const noexcept;
  void tell_holding();
  void trace_io(const char* verb, const io_result& result) const;

  Handler& handler_;
  std::chrono::milliseconds drain_timeout_;
  std::chrono::milliseconds close_timeout_;
  std::chrono::milliseconds stall_timeout_;
  std::chrono::milliseconds frame_timeout_;
  typename Loop::timer_type output_timer_;  // of the stall timeout; once it closes, of the drain's
  typename Loop::timer_type frame_timer_;   // of the frame timeout; once it closes, of the close's
  bool output_watched_ = false;             // the timer is set
  bool frame_watched_ = false;
  std::size_t input_steps_ = 0;  // frames delivered, and times that reading has begun or stopped
  std::size_t read_bytes_;
  Codec codec_;
  // A message to many connections reads and writes the members from here on. They are side by side,
  // because each cache line of a connection that was idle costs a wait for memory.
  buffer in_;
  Loop& loop_;
  stream_socket socket_;
  connection_phase phase_ = connection_phase::open;
  bool paused_ = false;
  bool watches_sent_;                     // also what is in the socket, and not only what is queued
  io_events interest_ = io_events::read;  // a copy of the watch's, which is further away
  write_queue queue_;
  std::size_t sent_ = 0;  // bytes, in all
  std::size_t held_ = 0;  // bytes, as the handler was told
  deferred end_of_turn_;
  typename Loop::watch_type watch_;
};

}  // namespace jalon

#include "impl/connection.hpp"
