// The loop: waits for descriptors, times and other threads, and calls who asked to be called.
// No socket is read or written here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiled.hpp"
#include "event_loop.hpp"
#include "poller.hpp"
#include "timer_queue.hpp"
#include "unique_fd.hpp"

namespace jalon {

/// One thread's loop, on poll(2) or epoll(7).
///
/// A turn waits until something is ready, calls the handlers of what is, then what other threads
/// posted, then the timers that are due, then what was deferred. So all that came in a turn is
/// read before anything is written.
///
/// A handler may add, change and drop any watch, its own too: one that was dropped in a turn is
/// not called in it any more. Only `post` and `stop` may be called from other threads. The
/// reactor outlives its watches and timers.
class reactor {
  struct entry {
    int fd;
    io_events wanted;
    bool dropped = false;
    bool stall_told = false;
    ready_handler handler;
    std::string_view name;
    std::size_t index;              // where it stands in `entries_`
    std::uint64_t last_turn = 0;    // the last turn in which it was ready
    std::uint32_t turns_ready = 0;  // how many turns in a row it has been
    std::uint32_t turns_idle = 0;   // for how many of them, the last ones, nothing moved
  };

 public:
  using timer_type = timer_queue::timer;                                     ///< what keeps a timer
  using clock_function = std::function<steady_time()>;                       ///< tells the time
  using stall_handler = std::function<void(std::string_view name, int fd)>;  ///< see `on_stall`

  /// Keeps a watch; dropped, it ends. It does not own the descriptor.
  class watch_type {
   public:
    /// Watches nothing.
    watch_type() = default;
    /// Takes the watch over.
    watch_type(watch_type&& other) noexcept
        : loop_(std::exchange(other.loop_, nullptr)), entry_(other.entry_) {}
    /// Ends its own watch, and takes the other over.
    watch_type& operator=(watch_type&& other) noexcept {
      if (this != &other) {
        drop();
        loop_ = std::exchange(other.loop_, nullptr);
        entry_ = other.entry_;
      }
      return *this;
    }
    watch_type(const watch_type&) = delete;
    watch_type& operator=(const watch_type&) = delete;
    ~watch_type() { drop(); }

    /// Changes what is waited for; `none` rests. Costs nothing if it is that already.
    void want(io_events wanted) {
      if (wanted != entry_->wanted) loop_->change(entry_, wanted);
    }

    /// Ends the watch.
    void drop() noexcept {
      if (loop_ != nullptr) std::exchange(loop_, nullptr)->remove(entry_);
    }

   private:
    friend reactor;
    watch_type(reactor* loop, entry* watched) noexcept : loop_(loop), entry_(watched) {}

    reactor* loop_ = nullptr;
    entry* entry_ = nullptr;
  };

#ifdef __linux__
  using any_poller = std::variant<poll_poller, epoll_poller>;  ///< how it waits
#else
  using any_poller = std::variant<poll_poller>;  ///< how it waits
#endif

  /// Waits with poll(2).
  reactor();
  /// @param how `poll_poller{}` or `epoll_poller{}`
  /// @param clock the time it goes by; a test sets its own
  explicit reactor(any_poller how, clock_function clock = std::chrono::steady_clock::now);
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;
  ~reactor();

  /// Calls @p handler whenever @p fd is ready for what is @p wanted.
  /// @param name says what it is, in traces and complaints; a literal, or another text that
  /// outlives the watch
  /// @return what keeps the watch; the descriptor must stay open until it is dropped
  [[nodiscard]] watch_type watch(int fd, io_events wanted, ready_handler handler,
                                 std::string_view name = {});

  /// Calls @p callback once when the loop's time is @p when or later.
  [[nodiscard]] timer_type at(steady_time when, std::function<void()> callback) {
    return timers_.add(when, std::move(callback));
  }

  /// Runs @p call on the loop's thread, in a later turn. From any thread.
  void post(std::function<void()> call);

  /// Has `run` return after this turn. From any thread.
  void stop();

  /// Turns until `stop`.
  void run();

  /// One turn. @param limit the longest to wait; nothing means until something happens
  void run_once(wait_limit limit = std::nullopt);

  /// The functions that run at the end of the turn.
  deferral_queue& deferrals() noexcept { return deferrals_; }

  /// The loop's time.
  steady_time now() const { return clock_(); }

  /// How many descriptors are watched, the loop's own not counted.
  std::size_t watches() const noexcept { return entries_.size() - 1; }

  /// Has @p handler told, once for each watch, of a handler that makes no progress: its
  /// descriptor stays ready, it is called turn after turn, and no byte moves. The usual causes
  /// are an end of file that nobody looks at, and a wish to write with nothing to write. Left
  /// alone, it is told on standard error.
  void on_stall(stall_handler handler) { on_stall_ = std::move(handler); }

  /// Has each turn told to @p sink: what was asked for, and what came.
  void set_trace(trace_sink sink) { trace_ = std::move(sink); }

  /// Where turns are told; empty when nobody asks.
  const trace_sink& trace() const noexcept { return trace_; }

 private:
  // A handler that is called so many turns in a row is looked at; one that does nothing for as
  // many again is told of.
  static constexpr std::uint32_t suspicious_turns = 1'000;
  static constexpr std::uint32_t turns_between_looks = 64;

  void change(entry* watched, io_events wanted);
  void remove(entry* gone) noexcept;
  void dispatch(const ready_event& event);
  void call_suspect(entry& one, io_events what);
  wait_limit shortest(wait_limit limit);
  void wake() noexcept;
  void hear_wake();
  void run_posted();
  void trace_asked();
  static void complain(std::string_view name, int fd);

  any_poller poller_;
  clock_function clock_;
  timer_queue timers_;
  deferral_queue deferrals_;
  std::vector<ready_event> ready_;
  std::vector<std::unique_ptr<entry>> entries_;  // one for each watch
  std::vector<std::unique_ptr<entry>> retired_;  // kept to the end of the turn that dropped them
  std::uint64_t turn_ = 0;
  bool stopped_ = false;
  bool woken_ = false;  // this turn, by `post`
  stall_handler on_stall_ = &reactor::complain;
  trace_sink trace_;

  std::mutex posted_mutex_;  // guards `posted_`, all that other threads touch
  std::vector<std::function<void()>> posted_;
  pipe_ends wake_;
  watch_type waker_;  // last: it goes before what it stands on
};

static_assert(event_loop<reactor>);

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/reactor.hpp"
#endif
