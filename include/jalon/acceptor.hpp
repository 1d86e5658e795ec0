// A listener on an event loop: takes the connections that come.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

#include "endpoint.hpp"
#include "event_loop.hpp"
#include "socket.hpp"

namespace jalon {

/// What an acceptor calls.
struct acceptor_handlers {
  /// Takes each connection, whose status is ok. It may close the acceptor, not destroy it.
  std::function<void(accept_result)> accepted;
  /// Called when there is no descriptor for a connection that waits. It closes something that is
  /// needed less, and returns true, or returns false. What it closes is its own to report. Empty:
  /// there is nothing to close.
  std::function<bool()> make_room = {};
  /// Called once a turn with the reason why connections were not accepted, and with the number of
  /// those that were refused. The acceptor may have paused, also after some were refused. Not
  /// called if `make_room` has made room for all. Empty for none.
  std::function<void(std::error_code, std::size_t)> failed = {};
};

/// Accepts connections from a listener, a bounded number in each turn of the loop, so that a burst
/// of connections does not delay those that are there.
///
/// If there are no descriptors left, it refuses the connections that wait, as many in each turn as
/// it would accept, until none waits: each client learns at once that there is no room, and may
/// come again. If it can't refuse either, or there is another error, such as a lack of memory, it
/// pauses: the listener stays ready, and to ask again in each turn would use up the processor.
///
/// For the loop's thread; the loop outlives it.
template <event_loop Loop>
class acceptor {
 public:
  /// How many connections it accepts or refuses in one turn.
  static constexpr int max_a_turn = 64;
  /// How long it pauses after an error.
  static constexpr std::chrono::milliseconds pause_time{100};

  /// Begins to accept.
  acceptor(Loop& loop, listener from, acceptor_handlers handlers)
      : loop_(loop),
        listener_(std::move(from)),
        local_(listener_->local()),
        handlers_(std::move(handlers)),
        watch_(loop.watch(
            listener_->fd(), io_events::read, [this](io_events) { accept_some(); }, "listener")) {}
  acceptor(const acceptor&) = delete;
  acceptor& operator=(const acceptor&) = delete;

  /// Where it listens, with the port that the system chose.
  const endpoint& local() const noexcept { return local_; }

  /// Stops listening. Connections that were not accepted yet are reset by the kernel.
  void close() {
    pause_timer_.cancel();
    watch_ = {};
    listener_.reset();
  }

 private:
  void accept_some() {
    std::size_t refused = 0;
    std::error_code reason;
    for (int taken = 0; taken < max_a_turn && listener_; ++taken) {
      accept_result result = listener_->accept();
      if (result.status == io_status::would_block) break;
      if (result.status == io_status::ok) {
        trace(result);
        handlers_.accepted(std::move(result));
        continue;
      }
      const bool no_descriptors = is_out_of_descriptors(result.error);
      if (no_descriptors && handlers_.make_room && handlers_.make_room()) continue;
      reason = result.error;
      if (!no_descriptors || !listener_->refuse()) {
        pause();
        break;
      }
      ++refused;
    }
    if (reason && handlers_.failed) handlers_.failed(reason, refused);
  }

  void pause() {
    watch_.set_interest(io_events::none);
    pause_timer_ = loop_.at(time_after(loop_.now(), pause_time),
                            [this] { watch_.set_interest(io_events::read); });
  }

  void trace(const accept_result& accepted) const {
    if (!loop_.trace()) return;
    loop_.trace()("  accepted " + std::to_string(accepted.socket.fd()) + " from " +
                  accepted.peer.to_string());
  }

  Loop& loop_;
  std::optional<listener> listener_;  // empty once it is closed
  endpoint local_;
  acceptor_handlers handlers_;
  typename Loop::timer_type pause_timer_;
  typename Loop::watch_type watch_;
};

}  // namespace jalon
