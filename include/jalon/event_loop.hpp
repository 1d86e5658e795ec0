// What a loop is to those who run on it, whichever loop it is.
// No loop is here: reactor.hpp has ours, asio_loop.hpp that of Asio.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poller.hpp"
#include "timer_queue.hpp"

namespace jalon {

/// Called when a watched descriptor is ready. A hang-up comes as readiness for all that was
/// asked: whoever reads or writes then learns what happened.
using ready_handler = std::function<void(io_events)>;

/// Takes lines that tell what a loop does, turn by turn; empty when nobody asks.
using trace_sink = std::function<void(std::string_view)>;

class deferred;

/// The functions that are to run at the end of this turn of a loop.
class deferral_queue {
 public:
  /// Has @p wake called whenever the first function is put into the empty queue.
  explicit deferral_queue(std::function<void()> wake = {}) : wake_(std::move(wake)) {}

  /// Runs all that was there at the start; what they put in waits for the next turn.
  void run();

  /// Whether nothing is to run.
  bool empty() const noexcept { return waiting_.empty(); }

 private:
  friend deferred;

  std::function<void()> wake_;
  std::vector<deferred*> waiting_;  // null where one was destroyed meanwhile
  std::vector<deferred*> running_;
};

/// A function that its owner can put off to the end of the turn, once a turn however often it is
/// asked for: so what many messages do to one connection becomes one write. Destroyed, it is not
/// called. For the loop's thread.
class deferred {
 public:
  /// @param queue the loop's, which outlives this
  deferred(deferral_queue& queue, std::function<void()> call)
      : queue_(&queue), call_(std::move(call)) {}
  deferred(const deferred&) = delete;
  deferred& operator=(const deferred&) = delete;

  ~deferred() {
    if (list_ != nullptr) (*list_)[slot_] = nullptr;
  }

  /// Has the function called at the end of this turn.
  void schedule() {
    if (list_ == nullptr) enter(queue_->waiting_);
  }

 private:
  friend deferral_queue;

  void enter(std::vector<deferred*>& waiting) {
    list_ = &waiting;
    slot_ = waiting.size();
    waiting.push_back(this);
    if (slot_ == 0 && queue_->wake_) queue_->wake_();
  }

  std::vector<deferred*>* list_ = nullptr;  // the list it stands in
  std::size_t slot_ = 0;
  deferral_queue* queue_;
  std::function<void()> call_;
};

inline void deferral_queue::run() {
  running_.swap(waiting_);
  for (deferred* one : running_) {
    if (one != nullptr) one->list_ = &running_;
  }
  // A call may destroy any of them, which clears its place here, and adds none.
  for (deferred*& place : running_) {
    if (place == nullptr) continue;
    deferred& one = *std::exchange(place, nullptr);
    one.list_ = nullptr;
    one.call_();
  }
  running_.clear();
}

/// What connections and servers ask of a loop. All of it is for the loop's own thread.
///
/// - `watch(fd, wanted, handler, name)` keeps watching as long as what it returns lives; that
///   has `want(io_events)`. The descriptor must stay open for as long.
/// - `at(time, callback)` calls once, unless what it returns is dropped before.
/// - `deferrals()` is the queue that the loop runs at the end of every turn, before it waits.
/// - `now()` is the loop's time; `trace()` where it tells what it does.
template <class L>
concept event_loop = requires(L loop, int fd, io_events wanted, ready_handler handler,
                              std::string_view name, steady_time when, std::function<void()> call,
                              typename L::watch_type watch) {
  { loop.watch(fd, wanted, handler, name) } -> std::same_as<typename L::watch_type>;
  watch.want(wanted);
  { loop.at(when, call) } -> std::same_as<typename L::timer_type>;
  { loop.deferrals() } -> std::same_as<deferral_queue&>;
  { loop.now() } -> std::same_as<steady_time>;
  { loop.trace() } -> std::convertible_to<const trace_sink&>;
  loop.run();
  loop.stop();
};

}  // namespace jalon
