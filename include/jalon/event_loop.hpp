// What connections and servers ask of an event loop: the concept, and what every loop does at the
// end of a turn. Two loops satisfy it: `reactor` (reactor.hpp) and `asio_loop` (asio_loop.hpp).
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiled.hpp"
#include "poller.hpp"
#include "timer_queue.hpp"

namespace jalon {

/// Called when a watched descriptor is ready. A hang-up is reported as readiness for the whole
/// interest set: the next read or write tells what happened.
using ready_handler = std::function<void(io_events)>;

/// Takes lines that describe what a loop does, turn by turn; empty if nobody asks.
using trace_sink = std::function<void(std::string_view)>;

/// When a deferred function runs: both stages are at the end of the turn, in this order.
enum class deferral_stage : unsigned char {
  after_input,  ///< all that was read in this turn has been handled
  output,       ///< what was handled is written
};

namespace detail {

/// Sets a variable, and gives it back its value at the end of the scope.
template <class Value>
class value_during {
 public:
  value_during(Value& variable, Value value)
      : variable_(variable), before_(std::exchange(variable, value)) {}
  value_during(const value_during&) = delete;
  value_during& operator=(const value_during&) = delete;
  ~value_during() { variable_ = before_; }

 private:
  Value& variable_;
  Value before_;
};

}  // namespace detail

class deferred;

/// What a loop does at the end of each turn: it calls the functions that were deferred, then
/// destroys the objects that were retired. For the loop's thread.
///
/// If a function throws, the exception leaves `run`; the functions that have not been called stay
/// in the queue, and the next `run` calls them.
class deferral_queue {
 public:
  /// @param wake called when there is something to do again: a loop that waits must run the queue
  explicit deferral_queue(std::function<void()> wake = {}) : wake_(std::move(wake)) {}

  /// Calls the functions that are in the queue, stage by stage. A function that is deferred
  /// meanwhile to a later stage is called too; one that is deferred to the same or an earlier stage
  /// waits for the next turn. Then destroys what is retired.
  void run();

  /// Destroys @p object at the end of the turn. So an object may be given up inside one of its own
  /// functions: the function still returns into a living object.
  template <class Object>
  void retire(std::unique_ptr<Object> object) {
    if (!object) return;
    retired_.emplace_back(nullptr, [](void* it) { delete static_cast<Object*>(it); });
    retired_.back().reset(object.release());
    if (retired_.size() == 1 && wake_) wake_();
  }

  /// Destroys what is retired, now. A loop calls it before it is destroyed itself.
  void destroy_retired() noexcept;

  /// Whether there is nothing to do.
  bool empty() const noexcept {
    return after_input_.empty() && output_.empty() && retired_.empty();
  }

 private:
  friend deferred;

  // The deferred functions of one stage.
  struct stage {
    std::vector<deferred*> waiting;  // null where a function was destroyed
    std::vector<deferred*> running;  // those of this turn that are not called yet, from `next` on
    std::size_t next = 0;

    void run();
    bool empty() const noexcept { return waiting.empty() && running.empty(); }
  };

  stage after_input_;
  stage output_;
  std::vector<std::unique_ptr<void, void (*)(void*)>> retired_;
  std::function<void()> wake_;
};

/// A function that its owner defers to the end of the turn. It is called once a turn, however often
/// it is scheduled: so the lines that are sent to one connection in a turn become one write. If it
/// is destroyed before, it is not called. For the loop's thread.
class deferred {
 public:
  /// @param queue the loop's; it outlives this
  deferred(deferral_queue& queue, std::function<void()> call,
           deferral_stage when = deferral_stage::output)
      : queue_(&queue),
        stage_(when == deferral_stage::output ? &queue.output_ : &queue.after_input_),
        call_(std::move(call)) {}
  deferred(const deferred&) = delete;
  deferred& operator=(const deferred&) = delete;

  ~deferred() {
    if (list_ != nullptr) (*list_)[place_] = nullptr;
  }

  /// Has the function called at the end of this turn.
  void schedule() {
    if (list_ == nullptr) enter();
  }

 private:
  friend deferral_queue;

  void enter() {
    list_ = &stage_->waiting;
    place_ = list_->size();
    list_->push_back(this);
    if (place_ == 0 && queue_->wake_) queue_->wake_();
  }

  std::vector<deferred*>* list_ = nullptr;  // the list that holds it
  std::size_t place_ = 0;                   // where it is in that list
  deferral_queue* queue_;
  deferral_queue::stage* stage_;
  std::function<void()> call_;
};

/// What connections and servers ask of a loop. All of it is for the loop's own thread but `post`.
///
/// - `watch(fd, interest, handler, name)` calls the handler as long as the watch that it returns
///   lives; `set_interest(io_events)` of the watch changes what it waits for, and does nothing once
///   the watch has ended. The descriptor stays open for as long. `watch` throws
///   `std::system_error`, with nothing changed, if the descriptor is not open (`EBADF`) or watched
///   already (`EEXIST`).
/// - `at(time, callback)` calls once, unless the timer that it returns is destroyed before.
/// - `post(call)` runs a function in a later turn; any thread may call it.
/// - `deferrals()` is the queue that the loop runs at the end of every turn; `retire(object)`
///   destroys an object there.
/// - `now()` is the loop's time. `trace()` takes lines that describe what happens.
///
/// **Exceptions.** A handler may throw. The exception leaves `run`; the loop, and all that runs on
/// it, stays valid: `run` may be called again and goes on where it was.
///
/// **Destruction.** A handler may change, add and destroy watches and timers, its own too. It may
/// not destroy the object whose function it is: that is what `retire` is for. It may not run the
/// loop.
///
/// **Running.** `run` returns after the turn in which `stop` was called, also if that was before
/// `run`. It waits even if nothing is watched. A stop is kept until a `run` has returned because of
/// it: if an exception leaves `run` first, or only a single turn was run meanwhile (`run_once`),
/// the next `run` handles what is due, does not wait, and returns. A `run` that a handler calls
/// throws `std::logic_error` and changes nothing.
template <class L>
concept event_loop = requires(L loop, int fd, io_events interest, ready_handler handler,
                              std::string_view name, steady_time when, std::function<void()> call,
                              typename L::watch_type watch, std::unique_ptr<int> object) {
  { loop.watch(fd, interest, handler, name) } -> std::same_as<typename L::watch_type>;
  watch.set_interest(interest);
  { loop.at(when, call) } -> std::same_as<typename L::timer_type>;
  loop.post(call);
  { loop.deferrals() } -> std::same_as<deferral_queue&>;
  loop.retire(std::move(object));
  { loop.now() } -> std::same_as<steady_time>;
  { loop.trace() } -> std::convertible_to<const trace_sink&>;
  loop.run();
  loop.stop();
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/event_loop.hpp"
#endif
