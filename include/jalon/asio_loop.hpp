// Asio's io_context as an event loop of the toolkit. Asio only waits for readiness here and reads
// and writes no socket. So connections and servers do the same on it, to the byte, as on the
// toolkit's own loop.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "event_loop.hpp"
#include "poller.hpp"
#include "timer_queue.hpp"

namespace jalon {

/// An `asio::io_context` as an `event_loop`. The context belongs to the user, and may run other
/// work too. One thread runs it, and only that thread calls here, except for `post` and `stop`.
///
/// After fork(2), only the parent may use it. The child may destroy its watches and it, which
/// leaves the parent's watches as they are: before the first of them is destroyed there, the
/// context is notified of the fork (`asio::execution_context::notify_fork`). What else the child
/// does with the context is the user's affair.
class asio_loop {
  // Shared with what is posted to the context, which may run after the loop is destroyed.
  struct turn_work {
    turn_work(asio::io_context& runs, std::function<void()> wake)
        : context(runs), deferrals(std::move(wake)) {}

    // A child process made by fork(2) shares the kernel's list of watches with its parent. Asio
    // gives it a list of its own, before anything is taken out of the list here.
    void separate_from_parent() noexcept {
      if (std::exchange(owner, ::getpid()) == owner) return;
      try {
        context.notify_fork(asio::execution_context::fork_child);
      } catch (...) {  // the child has closed a descriptor; the new list is there already
      }
    }

    asio::io_context& context;
    deferral_queue deferrals;
    pid_t owner = ::getpid();
    bool busy = false;            // in a turn, or in a handler of the loop
    bool run_is_posted = false;   // a run of the queue
    bool deferrals_wait = false;  // `run_once` runs the queue itself, at its end
  };

  // Shared with the pending waits: Asio completes them, cancelled, after the watch is gone.
  struct entry : std::enable_shared_from_this<entry> {
    entry(std::shared_ptr<turn_work> of, int fd, ready_handler called)
        : work(std::move(of)), descriptor(work->context, fd), handler(std::move(called)) {}

    // Begins to wait for what is in the interest set and not waited for yet.
    void arm() {
      arm(io_events::read, asio::posix::stream_descriptor::wait_read);
      arm(io_events::write, asio::posix::stream_descriptor::wait_write);
    }

    void arm(io_events what, asio::posix::stream_descriptor::wait_type type) {
      if (!has(interest, what) || has(armed, what)) return;
      armed = armed | what;
      descriptor.async_wait(type, [self = shared_from_this(), what](const asio::error_code&) {
        self->on_ready(what);
      });
    }

    void on_ready(io_events what) {
      armed = armed & (what == io_events::read ? io_events::write : io_events::read);
      if (dropped) return;
      const detail::value_during<bool> turn(work->busy, true);
      try {
        if (has(interest, what)) handler(what);  // the interest may have changed meanwhile
      } catch (...) {
        if (!dropped) arm();
        throw;
      }
      if (!dropped) arm();
    }

    std::shared_ptr<turn_work> work;
    asio::posix::stream_descriptor descriptor;
    ready_handler handler;
    io_events interest = io_events::none;
    io_events armed = io_events::none;
    bool dropped = false;
  };

 public:
  using timer_type = timer_queue::timer;                ///< owns a timer
  using clock_function = std::function<steady_time()>;  ///< returns the time

  /// Owns a watch, which ends with it. It does not own the descriptor.
  class watch_type {
   public:
    /// Watches nothing.
    watch_type() = default;
    /// Takes over the watch of @p other.
    watch_type(watch_type&&) noexcept = default;
    /// Ends its own watch, and takes over that of @p other.
    watch_type& operator=(watch_type&& other) noexcept {
      if (this != &other) {
        drop();
        entry_ = std::move(other.entry_);
      }
      return *this;
    }
    watch_type(const watch_type&) = delete;
    watch_type& operator=(const watch_type&) = delete;
    ~watch_type() { drop(); }

    /// Changes the interest set; with `none` the handler is not called. Does nothing once the watch
    /// has ended.
    void set_interest(io_events interest) {
      if (entry_ == nullptr) return;
      entry_->interest = interest;
      entry_->arm();
    }

    /// Ends the watch.
    void drop() noexcept {
      if (entry_ == nullptr) return;
      entry_->dropped = true;
      entry_->work->separate_from_parent();
      entry_->descriptor.release();
      entry_.reset();
    }

   private:
    friend asio_loop;
    explicit watch_type(std::shared_ptr<entry> watched) noexcept : entry_(std::move(watched)) {}

    std::shared_ptr<entry> entry_;
  };

  /// @param context runs the loop; it outlives this
  /// @param clock the loop's time; a test sets its own
  explicit asio_loop(asio::io_context& context,
                     clock_function clock = std::chrono::steady_clock::now)
      : context_(context), clock_(std::move(clock)), alarm_(context) {}
  asio_loop(const asio_loop&) = delete;
  asio_loop& operator=(const asio_loop&) = delete;
  ~asio_loop() {
    work_->separate_from_parent();
    deferrals().destroy_retired();  // it may hold watches and timers of this loop
  }

  /// Calls @p handler whenever @p fd is ready for something in @p interest.
  /// @return the watch; the descriptor must stay open as long as it lives
  /// @throws std::system_error, with nothing changed, if @p fd is watched already or not open
  [[nodiscard]] watch_type watch(int fd, io_events interest, ready_handler handler,
                                 std::string_view /*name*/ = {}) {
    watch_type added(std::make_shared<entry>(work_, fd, std::move(handler)));
    added.set_interest(interest);
    return added;
  }

  /// Calls @p callback once when the loop's time is @p when or later.
  [[nodiscard]] timer_type at(steady_time when, std::function<void()> callback) {
    auto added = timers_.add(when, std::move(callback));
    if (timers_.next() == when) set_alarm();
    return added;
  }

  /// Calls @p call on the loop's thread, in a later turn, unless the loop is destroyed before. Any
  /// thread may call this.
  void post(std::function<void()> call) {
    asio::post(context_, [work = work_, call = std::move(call), life = std::weak_ptr(life_)] {
      if (life.expired()) return;
      const detail::value_during<bool> turn(work->busy, true);
      call();
    });
  }

  /// The functions that run when the handlers that are due now have run.
  deferral_queue& deferrals() noexcept { return work_->deferrals; }

  /// Destroys @p object when the handlers that are due now have run.
  template <class Object>
  void retire(std::unique_ptr<Object> object) {
    deferrals().retire(std::move(object));
  }

  /// The loop's time.
  steady_time now() const { return clock_(); }

  /// Where connections describe what they do; empty if nobody asks. Asio does not show its turns.
  const trace_sink& trace() const noexcept { return trace_; }

  /// Has connections describe to @p sink what they do.
  void set_trace(trace_sink sink) { trace_ = std::move(sink); }

  /// Runs the context until `stop`. A handler of the loop may not call it, also if it is the user
  /// who runs the context. @throws std::logic_error if one does
  void run() {
    const auto turn = begin_turn();
    const auto work = asio::make_work_guard(context_);  // it waits also if nothing is watched
    context_.restart();
    if (stopped_) {
      run_due(std::chrono::milliseconds(0));
    } else {
      while (!stopped_ && context_.run_one() > 0) {
      }
      deferrals().run();  // the end of the last turn
    }
    stopped_ = false;
  }

  /// Waits at most @p limit for something to happen, then handles what is due. A handler may not
  /// call it. @throws std::logic_error if one does
  void run_once(std::chrono::milliseconds limit) {
    const auto turn = begin_turn();
    const detail::value_during<bool> held(work_->deferrals_wait, true);
    context_.restart();
    try {
      run_due(limit);
    } catch (...) {
      if (!deferrals().empty()) post_deferrals();
      throw;
    }
  }

  /// Has `run` return, now or when it is called next. Any thread may call this.
  void stop() {
    if (stop_is_posted_.exchange(true)) return;
    asio::post(context_, [this, life = std::weak_ptr(life_)] {
      if (life.expired()) return;
      stop_is_posted_ = false;
      stopped_ = true;
    });
  }

 private:
  detail::value_during<bool> begin_turn() {
    if (work_->busy) throw std::logic_error("asio_loop: a handler has run the loop");
    return {work_->busy, true};
  }

  // The handlers that are due, then the deferred functions, which is a turn.
  void run_due(std::chrono::milliseconds limit) {
    context_.run_one_until(time_after(std::chrono::steady_clock::now(), limit));
    // `poll` would never return while a descriptor stays ready; this marks the end of what is due
    // now.
    const auto turned = std::make_shared<bool>(false);
    asio::post(context_, [turned] { *turned = true; });
    while (!*turned && context_.poll_one() > 0) {
    }
    timers_.expire(now());
    deferrals().run();
  }

  // Each stage of the queue asks for a run of all of it. One is enough: if each of them were
  // posted, and each asked for more, there would be twice as many in every turn.
  void post_deferrals() {
    if (work_->run_is_posted) return;
    asio::post(context_, [work = work_] {
      work->run_is_posted = false;
      if (work->deferrals_wait) return;
      const detail::value_during<bool> turn(work->busy, true);
      work->deferrals.run();
    });
    work_->run_is_posted = true;
  }

  void set_alarm() {
    const auto next = timers_.next();
    if (!next) return;
    alarm_.expires_after(std::max(steady_time::duration::zero(), time_until(*next, now())));
    // An alarm that is due can no longer be cancelled, and completes after this is destroyed.
    alarm_.async_wait([this, life = std::weak_ptr(life_)](const asio::error_code& cancelled) {
      if (!cancelled && !life.expired()) expire_timers();
    });
  }

  void expire_timers() {
    const auto work = work_;
    const detail::value_during<bool> turn(work->busy, true);
    try {
      timers_.expire(now());
    } catch (...) {
      set_alarm();
      throw;
    }
    set_alarm();
  }

  asio::io_context& context_;
  clock_function clock_;
  asio::steady_timer alarm_;  // set for the earliest of `timers_`
  timer_queue timers_;
  trace_sink trace_;
  bool stopped_ = false;  // until a `run` has returned for it
  std::atomic<bool> stop_is_posted_ = false;
  std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);  // lives as long as this
  std::shared_ptr<turn_work> work_ =
      std::make_shared<turn_work>(context_, [this] { post_deferrals(); });
};

static_assert(event_loop<asio_loop>);

}  // namespace jalon
