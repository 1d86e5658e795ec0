// The loop of Asio, as connections and servers of the toolkit ask for one.
// No socket is read or written here: Asio only says when they are ready. So what runs on it does
// the same, to the byte, as on the toolkit's own loop.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "event_loop.hpp"
#include "poller.hpp"
#include "timer_queue.hpp"

namespace jalon {

/// An `asio::io_context` as an `event_loop`. The context is its owner's and may do other things
/// besides; it is run by one thread, which is the one that calls here.
class asio_loop {
  // Shared with the waits under way: Asio calls them back, cancelled, after the watch has gone.
  struct entry : std::enable_shared_from_this<entry> {
    entry(asio::io_context& context, int fd, ready_handler called)
        : descriptor(context, fd), handler(std::move(called)) {}

    // Asks Asio for what is wanted and not asked for yet.
    void arm() {
      arm(io_events::read, asio::posix::stream_descriptor::wait_read);
      arm(io_events::write, asio::posix::stream_descriptor::wait_write);
    }

    void arm(io_events what, asio::posix::stream_descriptor::wait_type type) {
      if (!has(wanted, what) || has(armed, what)) return;
      armed = armed | what;
      descriptor.async_wait(type, [self = shared_from_this(), what](const asio::error_code&) {
        self->on_ready(what);
      });
    }

    void on_ready(io_events what) {
      armed = armed & (what == io_events::read ? io_events::write : io_events::read);
      if (dropped) return;
      if (has(wanted, what)) handler(what);  // it may have been wanted no longer meanwhile
      if (!dropped) arm();
    }

    asio::posix::stream_descriptor descriptor;
    ready_handler handler;
    io_events wanted = io_events::none;
    io_events armed = io_events::none;
    bool dropped = false;
  };

 public:
  using timer_type = timer_queue::timer;                ///< what keeps a timer
  using clock_function = std::function<steady_time()>;  ///< tells the time

  /// Keeps a watch; dropped, it ends. It does not own the descriptor.
  class watch_type {
   public:
    /// Watches nothing.
    watch_type() = default;
    /// Takes the watch over.
    watch_type(watch_type&&) noexcept = default;
    /// Ends its own watch, and takes the other over.
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

    /// Changes what is waited for; `none` rests.
    void want(io_events wanted) {
      entry_->wanted = wanted;
      entry_->arm();
    }

    /// Ends the watch.
    void drop() noexcept {
      if (entry_ == nullptr) return;
      entry_->dropped = true;
      entry_->descriptor.release();
      entry_.reset();
    }

   private:
    friend asio_loop;
    explicit watch_type(std::shared_ptr<entry> watched) noexcept : entry_(std::move(watched)) {}

    std::shared_ptr<entry> entry_;
  };

  /// @param context runs it; outlives this
  /// @param clock the time it goes by; a test sets its own
  explicit asio_loop(asio::io_context& context,
                     clock_function clock = std::chrono::steady_clock::now)
      : context_(context), clock_(std::move(clock)), alarm_(context) {}
  asio_loop(const asio_loop&) = delete;
  asio_loop& operator=(const asio_loop&) = delete;

  /// Calls @p handler whenever @p fd is ready for what is @p wanted.
  /// @return what keeps the watch; the descriptor must stay open until it is dropped
  [[nodiscard]] watch_type watch(int fd, io_events wanted, ready_handler handler,
                                 std::string_view /*name*/ = {}) {
    watch_type added(std::make_shared<entry>(context_, fd, std::move(handler)));
    added.want(wanted);
    return added;
  }

  /// Calls @p callback once when the loop's time is @p when or later.
  [[nodiscard]] timer_type at(steady_time when, std::function<void()> callback) {
    auto added = timers_.add(when, std::move(callback));
    if (timers_.next() == when) set_alarm();
    return added;
  }

  /// The functions that run when the handlers that are due now have run.
  deferral_queue& deferrals() noexcept { return *deferrals_; }

  /// The loop's time.
  steady_time now() const { return clock_(); }

  /// Where connections tell what they do; empty when nobody asks. Asio does not tell its turns.
  const trace_sink& trace() const noexcept { return trace_; }

  /// Has connections tell @p sink what they do.
  void set_trace(trace_sink sink) { trace_ = std::move(sink); }

  /// Runs the context until `stop`.
  void run() {
    context_.restart();
    context_.run();
  }

  /// Waits at most @p limit for something to happen, and handles what has by then.
  void run_once(std::chrono::milliseconds limit) {
    context_.restart();
    context_.run_one_for(limit);
    // What is ready again and again would keep `poll` for ever; this stands behind what is now.
    const auto turned = std::make_shared<bool>(false);
    asio::post(context_, [turned] { *turned = true; });
    while (!*turned && context_.poll_one() > 0) {
    }
    timers_.expire(now());
  }

  /// Has `run` return. From any thread.
  void stop() { context_.stop(); }

 private:
  void set_alarm() {
    const auto next = timers_.next();
    if (!next) return;
    alarm_.expires_after(std::max(steady_time::duration::zero(), *next - now()));
    // An alarm that is due is past cancelling, and is told though this may have gone meanwhile.
    alarm_.async_wait([this, life = std::weak_ptr(life_)](const asio::error_code& cancelled) {
      if (cancelled || life.expired()) return;
      timers_.expire(now());
      set_alarm();
    });
  }

  asio::io_context& context_;
  clock_function clock_;
  asio::steady_timer alarm_;  // set for the earliest of `timers_`
  timer_queue timers_;
  trace_sink trace_;
  std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);  // ends with this
  // Shared with what is posted to the context, which may be run after this has gone.
  std::shared_ptr<deferral_queue> deferrals_ = std::make_shared<deferral_queue>(
      [this] { asio::post(context_, [queue = deferrals_] { queue->run(); }); });
};

static_assert(event_loop<asio_loop>);

}  // namespace jalon
