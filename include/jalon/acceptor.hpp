// A listener on an event loop: takes the connections that come.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

#include "endpoint.hpp"
#include "event_loop.hpp"
#include "socket.hpp"

namespace jalon {

/// Accepts connections from a listener, a bounded number in each turn of the loop, so that a burst
/// of connections does not delay those that are there.
///
/// If the system is short of descriptors or memory, it pauses: the listener stays ready, and to ask
/// again in each turn would use up the processor. For the loop's thread; the loop outlives it.
template <event_loop Loop>
class acceptor {
 public:
  /// How many connections it accepts in one turn.
  static constexpr int max_a_turn = 64;
  /// How long it pauses after an error.
  static constexpr std::chrono::milliseconds pause_time{100};

  /// Begins to accept. @param accepted called with each connection, whose status is ok; it may
  /// close the acceptor, not destroy it
  /// @param failed called with the reason before each pause; empty for none
  acceptor(Loop& loop, listener from, std::function<void(accept_result)> accepted,
           std::function<void(std::error_code)> failed = {})
      : loop_(loop),
        listener_(std::move(from)),
        local_(listener_->local()),
        accepted_(std::move(accepted)),
        failed_(std::move(failed)),
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
    for (int taken = 0; taken < max_a_turn && listener_; ++taken) {
      accept_result result = listener_->accept();
      if (result.status == io_status::would_block) return;
      if (result.status == io_status::error) return pause(result.error);
      trace(result);
      accepted_(std::move(result));
    }
  }

  void pause(std::error_code reason) {
    watch_.set_interest(io_events::none);
    pause_timer_ = loop_.at(time_after(loop_.now(), pause_time),
                            [this] { watch_.set_interest(io_events::read); });
    if (failed_) failed_(reason);
  }

  void trace(const accept_result& accepted) const {
    if (!loop_.trace()) return;
    loop_.trace()("  accepted " + std::to_string(accepted.socket.fd()) + " from " +
                  accepted.peer.to_string());
  }

  Loop& loop_;
  std::optional<listener> listener_;  // empty once it is closed
  endpoint local_;
  std::function<void(accept_result)> accepted_;
  std::function<void(std::error_code)> failed_;
  typename Loop::timer_type pause_timer_;
  typename Loop::watch_type watch_;
};

}  // namespace jalon
