// The event loop: waits for descriptors, timers and other threads, and calls their handlers. It
// reads and writes no socket.
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

/// The event loop of one thread, on poll(2) or epoll(7). See `event_loop` for what a handler may
/// do.
///
/// A turn waits until a descriptor is ready, then calls, in this order: the handlers of the
/// descriptors that are ready, the functions that other threads posted, the timers that are due,
/// and the deferred functions. So the answers to all that came in a turn are written together, at
/// its end.
///
/// A watch that was dropped in a turn is not called in it any more. Only `post` and `stop` may be
/// called from other threads. The reactor outlives its watches and timers.
///
/// After fork(2), only the parent may use it. The child may destroy it, which leaves the parent's
/// watches as they are.
class reactor {
  struct entry {
    int fd;
    io_events interest;
    bool dropped = false;
    bool stall_reported = false;
    ready_handler handler;
    std::string_view name;
    std::size_t index;              // its place in `entries_`
    std::uint64_t last_turn = 0;    // the last turn in which it was ready
    std::uint32_t turns_ready = 0;  // turns in a row in which it was ready
    std::uint32_t turns_idle = 0;   // of these, the last ones in which no byte moved
  };

 public:
  using timer_type = timer_queue::timer;                                     ///< owns a timer
  using clock_function = std::function<steady_time()>;                       ///< returns the time
  using stall_handler = std::function<void(std::string_view name, int fd)>;  ///< see `on_stall`

  /// Owns a watch, which ends with it. It does not own the descriptor.
  class watch_type {
   public:
    /// Watches nothing.
    watch_type() = default;
    /// Takes over the watch of @p other.
    watch_type(watch_type&& other) noexcept
        : loop_(std::exchange(other.loop_, nullptr)), entry_(other.entry_) {}
    /// Ends its own watch, and takes over that of @p other.
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

    /// Changes the interest set; with `none` the handler is not called, not even for a hang-up.
    /// Makes no system call if the set is the same. Does nothing once the watch has ended.
    void set_interest(io_events interest) {
      if (loop_ != nullptr && interest != entry_->interest) loop_->change(entry_, interest);
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
  using any_poller = std::variant<poll_poller, epoll_poller>;  ///< one of the pollers
#else
  using any_poller = std::variant<poll_poller>;  ///< one of the pollers
#endif

  /// Waits with poll(2).
  reactor();
  /// @param poller `poll_poller{}` or `epoll_poller{}`
  /// @param clock the loop's time; a test sets its own
  explicit reactor(any_poller poller, clock_function clock = std::chrono::steady_clock::now);
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;
  ~reactor();

  /// Calls @p handler whenever @p fd is ready for something in @p interest.
  /// @param name of the watch, for traces and reports; a literal, or another text that outlives the
  /// watch
  /// @return the watch; the descriptor must stay open as long as it lives
  /// @throws std::system_error, with nothing changed: `EEXIST` if @p fd is watched already, `EBADF`
  /// if it is not an open descriptor
  [[nodiscard]] watch_type watch(int fd, io_events interest, ready_handler handler,
                                 std::string_view name = {});

  /// Calls @p callback once when the loop's time is @p when or later.
  [[nodiscard]] timer_type at(steady_time when, std::function<void()> callback) {
    return timers_.add(when, std::move(callback));
  }

  /// Calls @p call on the loop's thread, in a later turn. Any thread may call this.
  void post(std::function<void()> call);

  /// Has `run` return: after this turn, or after the next one if a handler calls this. Any thread
  /// may call it.
  void stop();

  /// Runs turn after turn until `stop`. A handler may not call it. @throws std::logic_error if one
  /// does
  void run();

  /// Runs one turn. A handler may not call it. @throws std::logic_error if one does
  /// @param limit the longest time to wait; nothing means until something happens
  void run_once(wait_limit limit = std::nullopt);

  /// The functions that run at the end of the turn.
  deferral_queue& deferrals() noexcept { return deferrals_; }

  /// Destroys @p object at the end of this turn; see `deferral_queue::retire`.
  template <class Object>
  void retire(std::unique_ptr<Object> object) {
    deferrals_.retire(std::move(object));
  }

  /// The loop's time.
  steady_time now() const { return clock_(); }

  /// The number of watched descriptors, without the loop's own.
  std::size_t watches() const noexcept { return entries_.size() - 1; }

  /// Has @p handler called, once for each watch, when the watch makes no progress: its descriptor
  /// stays ready, its handler is called turn after turn, and no byte moves. The usual causes are an
  /// end of file that the handler ignores, and interest in writing with nothing to write. By
  /// default a line is written to standard error.
  void on_stall(stall_handler handler) { on_stall_ = std::move(handler); }

  /// Has each turn described to @p sink: the interest sets, and what was ready.
  void set_trace(trace_sink sink) { trace_ = std::move(sink); }

  /// Where turns are described; empty if nobody asks.
  const trace_sink& trace() const noexcept { return trace_; }

 private:
  // After so many turns in a row in which it was ready, a watch is observed. After as many turns
  // without progress it is reported.
  static constexpr std::uint32_t suspicious_turns = 1'000;
  static constexpr std::uint32_t turns_between_looks = 64;

  void change(entry* watched, io_events interest);
  void remove(entry* gone) noexcept;
  void dispatch(const ready_event& event);
  void observe(entry& watched, io_events what);
  wait_limit shortest(wait_limit limit);
  void wake() noexcept;
  void drain_wake_pipe();
  void run_posted();
  void trace_interest();
  static void report_stall(std::string_view name, int fd);

  any_poller poller_;
  clock_function clock_;
  timer_queue timers_;
  deferral_queue deferrals_;
  std::vector<ready_event> ready_;
  std::vector<std::unique_ptr<entry>> entries_;  // one of each watch
  std::vector<std::unique_ptr<entry>> dropped_;  // destroyed at the end of the turn
  std::vector<bool> watched_;                    // by descriptor
  std::uint64_t turn_ = 0;
  bool in_turn_ = false;
  bool stopped_ = false;  // until a `run` has returned for it
  bool woken_ = false;    // by `post`; its functions have not been called yet
  stall_handler on_stall_ = &reactor::report_stall;
  trace_sink trace_;

  std::mutex posted_mutex_;  // guards `posted_`, the only member that other threads touch
  std::vector<std::function<void()>> posted_;
  pipe_ends wake_;
  watch_type wake_watch_;  // last, so that it is destroyed before what it refers to
};

static_assert(event_loop<reactor>);

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/reactor.hpp"
#endif
