// The loop: waits for descriptors, times and other threads, and calls who asked to be called.
// No socket is read or written here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "event_loop.hpp"
#include "poller.hpp"
#include "progress.hpp"
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
      if (wanted == entry_->wanted) return;
      entry_->wanted = wanted;
      loop_->with_poller([&](auto& p) { p.modify(entry_->fd, wanted, entry_); });
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

  /// @param how `poll_poller{}` or `epoll_poller{}`
  /// @param clock the time it goes by; a test sets its own
  explicit reactor(any_poller how = poll_poller{},
                   clock_function clock = std::chrono::steady_clock::now)
      : poller_(std::move(how)), clock_(std::move(clock)), wake_(make_pipe()) {
    waker_ = watch(
        wake_.read.get(), io_events::read, [this](io_events) { hear_wake(); },
        "the reactor's own pipe");
  }
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  /// Calls @p handler whenever @p fd is ready for what is @p wanted.
  /// @param name says what it is, in traces and complaints; a literal, or another text that
  /// outlives the watch
  /// @return what keeps the watch; the descriptor must stay open until it is dropped
  [[nodiscard]] watch_type watch(int fd, io_events wanted, ready_handler handler,
                                 std::string_view name = {}) {
    auto added = std::make_unique<entry>(entry{.fd = fd,
                                               .wanted = wanted,
                                               .handler = std::move(handler),
                                               .name = name,
                                               .index = entries_.size()});
    entry* const tag = added.get();
    with_poller([&](auto& p) { p.add(fd, wanted, tag); });
    entries_.push_back(std::move(added));
    return {this, tag};
  }

  /// Calls @p callback once when the loop's time is @p when or later.
  [[nodiscard]] timer_type at(steady_time when, std::function<void()> callback) {
    return timers_.add(when, std::move(callback));
  }

  /// Runs @p call on the loop's thread, in a later turn. From any thread.
  void post(std::function<void()> call) {
    {
      const std::lock_guard lock(posted_mutex_);
      posted_.push_back(std::move(call));
    }
    wake();
  }

  /// Has `run` return after this turn. From any thread.
  void stop() {
    post([this] { stopped_ = true; });
  }

  /// Turns until `stop`.
  void run() {
    stopped_ = false;
    while (!stopped_) run_once();
  }

  /// One turn. @param limit the longest to wait; nothing means until something happens
  void run_once(wait_limit limit = std::nullopt) {
    limit = shortest(limit);
    if (trace_) trace_asked();
    with_poller([&](auto& p) { p.wait(ready_, limit); });
    ++turn_;
    for (const ready_event& event : ready_) dispatch(event);
    if (std::exchange(woken_, false)) run_posted();
    timers_.expire(now());
    deferrals_.run();
    std::exchange(retired_, {}).clear();  // what goes with them may drop watches in its turn
  }

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

  template <class Call>
  void with_poller(Call call) {
    std::visit(call, poller_);
  }

  void remove(entry* gone) noexcept {
    with_poller([&](auto& p) { p.remove(gone->fd); });
    gone->dropped = true;
    entries_.back()->index = gone->index;
    std::swap(entries_[gone->index], entries_.back());
    retired_.push_back(std::move(entries_.back()));  // it may be among those ready in this turn
    entries_.pop_back();
  }

  void dispatch(const ready_event& event) {
    entry& one = *static_cast<entry*>(event.tag);
    if (one.dropped) return;
    const io_events what =
        has(event.what, io_events::hangup) ? one.wanted : event.what & one.wanted;
    if (what == io_events::none) return;
    if (trace_)
      trace_("  ready " + std::to_string(one.fd) + describe(what) + ", " + std::string(one.name));
    if (one.last_turn + 1 != turn_) one.turns_ready = one.turns_idle = 0;
    one.last_turn = turn_;
    ++one.turns_ready;
    // A look costs some calls of the system: who was seen to get on is let be for a while.
    const bool look = one.turns_idle > 0 || one.turns_ready % turns_between_looks == 0;
    if (one.turns_ready > suspicious_turns && look)
      call_suspect(one, what);
    else
      one.handler(what);
  }

  void call_suspect(entry& one, io_events what) {
    const auto before = detail::progress_of(one.fd);
    one.handler(what);
    if (one.dropped) return;
    const bool idle =
        before == detail::progress_of(one.fd) && detail::still_ready(one.fd, detail::to_poll(what));
    one.turns_idle = idle ? one.turns_idle + 1 : 0;
    if (one.turns_idle == suspicious_turns && !std::exchange(one.stall_told, true))
      on_stall_(one.name, one.fd);
  }

  wait_limit shortest(wait_limit limit) {
    using std::chrono::milliseconds;
    if (!deferrals_.empty()) return milliseconds(0);
    const auto due = timers_.next();
    if (!due) return limit;
    // Rounded up: to wake a moment early would cost a turn that finds nothing due.
    const auto left = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*due - now()));
    return limit ? std::min(*limit, left) : left;
  }

  void wake() noexcept {
    const char byte = 0;
    // A full pipe wakes the loop just as well.
    [[maybe_unused]] const auto written =
        uninterrupted([&] { return ::write(wake_.write.get(), &byte, 1); });
  }

  void hear_wake() {
    char bytes[64];
    while (uninterrupted([&] { return ::read(wake_.read.get(), bytes, sizeof bytes); }) > 0) {
    }
    woken_ = true;
  }

  void run_posted() {
    std::vector<std::function<void()>> calls;
    {
      const std::lock_guard lock(posted_mutex_);
      calls.swap(posted_);
    }
    for (auto& call : calls) call();
  }

  void trace_asked() {
    std::string line = "turn " + std::to_string(turn_ + 1) + " asks for";
    for (const auto& one : entries_) line += " " + std::to_string(one->fd) + describe(one->wanted);
    trace_(line);
  }

  // `:r`, `:w`, `:rw`, `:` for a rest.
  static std::string describe(io_events what) {
    std::string letters = ":";
    if (has(what, io_events::read)) letters += 'r';
    if (has(what, io_events::write)) letters += 'w';
    return letters;
  }

  static void complain(std::string_view name, int fd) {
    std::fprintf(stderr,
                 "jalon: the handler of %.*s (descriptor %d) makes no progress: it is called in "
                 "every turn and moves no byte\n",
                 static_cast<int>(name.size()), name.data(), fd);
  }

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
