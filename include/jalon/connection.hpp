// A socket, its framing and its write queue together, on a loop.
// Nothing here knows what a frame means, or that there are other connections.
//
//             close()            all is sent            the peer has ended
//     open ------------> draining ------------> lingering ------------> closed
//       |                   |                      |                      ^
//       +-------------------+----------------------+----------------------+
//                    abort(), a broken connection, a peer that takes too long
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "buffer.hpp"
#include "event_loop.hpp"
#include "frame.hpp"
#include "line_codec.hpp"
#include "socket.hpp"
#include "write_queue.hpp"

namespace jalon {

/// What a connection calls. Any of them may call into the connection, or, as its last act,
/// destroy it.
///
/// Who has thousands of connections may give them a type of its own instead, with methods of
/// these names, `received` and those of the others that it needs. It may have one more,
/// `delivered`: called after the frames of a read, and if there was no whole one too.
struct connection_handlers {
  /// A frame has come, or the news that one is lost.
  std::function<void(const frame&)> received = [](const frame&) {};
  /// Nothing more will be received: an orderly end (no error), or a broken connection. Called
  /// once, unless `close` or `abort` came first. After an orderly end the peer may still be sent
  /// to, until `close`.
  std::function<void(std::error_code)> ended = [](std::error_code) {};
  /// The socket is closed. Called once, last.
  std::function<void()> closed = [] {};
  /// All that waited to be sent is sent.
  std::function<void()> drained = [] {};
};

/// The bounds of a connection.
struct connection_options {
  queue_limits queue = {};  ///< what may wait to be sent
  /// After `close`: how long a peer may take nothing of what waits, or not end its own side,
  /// before it is cut off.
  std::chrono::milliseconds linger = std::chrono::seconds(10);
  /// The most that is read in one turn of the loop, in bytes.
  std::size_t read_bytes = 16'384;
};

/// One peer. Frames come in by `received`, go out by `send`; the rest is its own affair.
///
/// - What is sent in a turn of the loop is written at its end, gathered.
/// - While its queue is above high water it reads nothing and delivers nothing: a peer that asks
///   faster than it takes the answers waits for itself.
/// - From one peer it reads at most `connection_options::read_bytes` a turn; so no flood keeps the
/// others waiting.
/// - It holds no input memory unless a frame is half there.
///
/// For the loop's thread; the loop outlives it.
template <event_loop Loop, codec Codec = line_codec, class Handlers = connection_handlers>
class connection {
 public:
  /// Begins to read @p socket, which is connected and non-blocking.
  connection(Loop& loop, stream_socket socket, Handlers handlers,
             const connection_options& options = {}, Codec codec = Codec{})
      : handlers_(std::move(handlers)),
        linger_(options.linger),
        read_bytes_(options.read_bytes),
        codec_(std::move(codec)),
        loop_(loop),
        socket_(std::move(socket)),
        queue_(options.queue),
        flush_(loop.deferrals(), [this] { flush(); }),
        watch_(loop.watch(
            socket_.fd(), io_events::read, [this](io_events what) { on_ready(what); },
            "connection")) {}

  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() {
    if (destroyed_ != nullptr) *destroyed_ = true;
  }

  /// Sends a frame that is encoded already, and may be shared with other connections.
  /// @return false if the queue's hard limit is passed: nothing is sent, the peer does not read
  bool send(const shared_payload& encoded) {
    if (phase_ != phase::open || end_asked_) return true;  // it is leaving: nobody waits for this
    if (!queue_.push(encoded)) return false;
    flush_.schedule();
    return true;
  }

  /// Encodes @p frame_payload and sends it. @return as above
  bool send(std::string_view frame_payload) {
    std::string encoded;
    codec_.encode(frame_payload, encoded);
    return send(make_payload(std::move(encoded)));
  }

  /// Ends this side once all that waits is sent (half-close), and goes on delivering: the peer
  /// reads to the end and may still answer. What is sent after this call is dropped.
  void end_output() {
    if (std::exchange(end_asked_, true)) return;
    flush_.schedule();
  }

  /// Parts in order: delivers nothing more, sends what waits, ends this side, discards what still
  /// comes until the peer ends its own, and closes. To close at once would be to cut: the system
  /// answers bytes that come too late with a reset, which can overtake the last words.
  void close() {
    if (phase_ != phase::open) return;
    phase_ = phase::draining;
    flush_.schedule();
    allow_more_time();
  }

  /// Like `close`, but of what waits sends only a frame that is begun, and then @p last_words,
  /// a frame not encoded; empty for none.
  void close_without_queue(std::string_view last_words) {
    queue_.drop_unstarted();
    if (!last_words.empty()) send(last_words);
    close();
  }

  /// Sends what waits and closes, without waiting for the peer's end: for a program that is about
  /// to leave.
  void close_when_sent() {
    leaves_when_sent_ = true;
    if (phase_ == phase::lingering) return abort();
    close();
  }

  /// Closes at once; what waits is lost. Calls `closed`.
  void abort() {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    watch_.drop();
    timer_.cancel();
    socket_ = {};
    if constexpr (requires { handlers_.closed(); }) handlers_.closed();
  }

  /// Whether frames are delivered and sent: until the first `close` or `abort`, or until it breaks.
  bool open() const noexcept { return phase_ == phase::open; }

  /// How many bytes wait to be sent.
  std::size_t queued() const noexcept { return queue_.bytes(); }

  /// The socket, for its options and addresses.
  stream_socket& socket() noexcept { return socket_; }

 private:
  enum class phase : unsigned char { open, draining, lingering, closed };

  void on_ready(io_events what) {
    if (has(what, io_events::write)) {
      blocked_ = false;
      if (!survives([&] { flush(); }) || phase_ == phase::closed) return;
    }
    if (has(what, io_events::read)) read();
  }

  void read() {
    if (phase_ != phase::open) return discard();
    const io_result result = socket_.read_some(in_.prepare(read_bytes_));
    trace_io("read", result);
    in_.commit(result.bytes);
    switch (result.status) {
      case io_status::ok:
        break;
      case io_status::would_block:
        return;
      case io_status::end:
        input_ended_ = true;
        break;
      case io_status::error:
        return fail(result.error);
    }
    deliver();
  }

  // Whoever is parted from may go on talking; it is read, or the system would reset what it has
  // yet to receive.
  void discard() {
    std::array<char, 16'384> ignored;
    const io_result result = socket_.read_some(ignored);
    if (result.status == io_status::error) return abort();
    if (result.status != io_status::end) return;
    input_ended_ = true;
    if (phase_ == phase::lingering) return abort();
    update_interest();
  }

  // Hands out the frames that are here, for as long as the answers are taken.
  void deliver() {
    while (may_deliver()) {
      const auto next = input_ended_ ? next_or_last() : codec_.next(in_);
      if (!next) break;
      if (!survives([&] { handlers_.received(*next); })) return;
    }
    if (phase_ == phase::closed || !survives([&] { tell_delivered(); })) return;
    if (phase_ == phase::closed) return;
    if (in_.empty()) in_.release();
    update_interest();
    if (input_ended_ && may_deliver()) tell_end({});
  }

  bool may_deliver() const { return phase_ == phase::open && !queue_.high(); }

  std::optional<frame> next_or_last() {
    const auto next = codec_.next(in_);
    return next ? next : codec_.finish(in_);
  }

  void tell_delivered() {
    if constexpr (requires { handlers_.delivered(); }) handlers_.delivered();
  }

  void tell_end(std::error_code reason) {
    if (std::exchange(end_told_, true)) return;
    if constexpr (requires { handlers_.ended(reason); }) handlers_.ended(reason);
  }

  void tell_drained() {
    if constexpr (requires { handlers_.drained(); }) {
      if (phase_ == phase::open) handlers_.drained();
    }
  }

  // The connection is broken: nothing can be sent and nothing will come.
  void fail(std::error_code reason) {
    const bool was_open = phase_ == phase::open;
    if (was_open && !survives([&] { tell_end(reason); })) return;
    abort();
  }

  void flush() {
    if (phase_ == phase::closed) return;
    // Not in `close` itself: the frame that is being handled may lie there.
    if (phase_ != phase::open) in_.release();
    if (blocked_) return queue_.settle();  // to try again would cost a call that says "not yet"
    const bool was_high = queue_.high();
    const io_result result = queue_.write_to(socket_);
    trace_io("wrote", result);
    sent_ += result.bytes;
    blocked_ = result.status == io_status::would_block;
    if (result.status == io_status::error) return fail(result.error);
    if (blocked_) queue_.settle();
    if (queue_.empty() && (end_asked_ || phase_ == phase::draining)) socket_.shutdown_write();
    if (queue_.empty() && phase_ == phase::draining) return await_end();
    update_interest();
    if (was_high && !queue_.high() && !survives([&] { deliver(); })) return;
    if (result.bytes > 0 && queue_.empty()) tell_drained();
  }

  void await_end() {
    if (input_ended_ || leaves_when_sent_) return abort();
    phase_ = phase::lingering;
    update_interest();
  }

  void update_interest() {
    const bool wants_read = !input_ended_ && (phase_ != phase::open || !queue_.high());
    const auto wanted = (wants_read ? io_events::read : io_events::none) |
                        (blocked_ ? io_events::write : io_events::none);
    if (wanted != wanted_) watch_.want(wanted_ = wanted);
  }

  // Cuts off a peer that has taken nothing for as long as it may linger.
  void allow_more_time() {
    timer_ = loop_.at(loop_.now() + linger_, [this, sent_before = sent_] {
      if (sent_ == sent_before)
        abort();
      else
        allow_more_time();
    });
  }

  // Calls @p call. @return false if that destroyed this connection
  template <class Call>
  bool survives(Call call) {
    bool destroyed = false;
    bool* const outer = std::exchange(destroyed_, &destroyed);
    call();
    if (!destroyed)
      destroyed_ = outer;
    else if (outer != nullptr)
      *outer = true;
    return !destroyed;
  }

  void trace_io(const char* verb, const io_result& result) const {
    const trace_sink& trace = loop_.trace();
    if (!trace) return;
    std::string line = "  " + std::to_string(socket_.fd()) + ' ' + verb + ' ' +
                       std::to_string(result.bytes) + " bytes";
    if (result.status == io_status::end) line += ", the end";
    if (result.status == io_status::error) line += ", " + result.error.message();
    trace(line + "; " + std::to_string(queue_.bytes()) + " wait to be written");
  }

  Handlers handlers_;
  std::chrono::milliseconds linger_;
  std::size_t read_bytes_;
  Codec codec_;
  buffer in_;
  typename Loop::timer_type timer_;
  bool* destroyed_ = nullptr;  // set by the destructor, for a method that is being run
  // What each message to many goes by stands together from here on: to a server that has rested,
  // each cache line of each receiver is a wait for memory.
  Loop& loop_;
  stream_socket socket_;
  phase phase_ = phase::open;
  bool input_ended_ = false;
  bool end_told_ = false;
  bool end_asked_ = false;  // by `end_output`
  bool leaves_when_sent_ = false;
  bool blocked_ = false;                // the last write left something over
  io_events wanted_ = io_events::read;  // of the watch, which is further away
  write_queue queue_;
  std::size_t sent_ = 0;  // bytes, ever
  deferred flush_;
  typename Loop::watch_type watch_;
};

}  // namespace jalon
