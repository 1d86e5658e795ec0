// How the reactor works; reactor.hpp says what it promises.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../progress.hpp"
#include "../reactor.hpp"

namespace jalon {

namespace detail {

// `:r`, `:w`, `:rw`, or `:` for no interest.
JALON_INLINE std::string describe(io_events what) {
  std::string letters = ":";
  if (has(what, io_events::read)) letters += 'r';
  if (has(what, io_events::write)) letters += 'w';
  return letters;
}

}  // namespace detail

JALON_INLINE reactor::reactor() : reactor(poll_poller{}) {}

JALON_INLINE reactor::reactor(any_poller poller, clock_function clock)
    : poller_(std::move(poller)), clock_(std::move(clock)), wake_(make_pipe()) {
  wake_watch_ = watch(
      wake_.read.get(), io_events::read, [this](io_events) { drain_wake_pipe(); },
      "the reactor's own pipe");
}

// What is retired may hold watches and timers of this loop.
JALON_INLINE reactor::~reactor() { deferrals_.destroy_retired(); }

JALON_INLINE reactor::watch_type reactor::watch(int fd, io_events interest, ready_handler handler,
                                                std::string_view name) {
  if (fd < 0) throw_system_error(EBADF, "watch", std::string(name));
  const auto number = static_cast<std::size_t>(fd);
  if (number < watched_.size() && watched_[number])
    throw_system_error(EEXIST, "watch", std::string(name));
  auto added = std::make_unique<entry>(entry{.fd = fd,
                                             .interest = interest,
                                             .handler = std::move(handler),
                                             .name = name,
                                             .index = entries_.size()});
  entry* const tag = added.get();
  std::visit([&](auto& p) { p.add(fd, interest, tag); }, poller_);
  entries_.push_back(std::move(added));
  if (number >= watched_.size()) watched_.resize(number + 1);
  watched_[number] = true;
  return {this, tag};
}

JALON_INLINE void reactor::change(entry* watched, io_events interest) {
  std::visit([&](auto& p) { p.modify(watched->fd, interest, watched); }, poller_);
  watched->interest = interest;
}

JALON_INLINE void reactor::remove(entry* gone) noexcept {
  std::visit([&](auto& p) { p.remove(gone->fd); }, poller_);
  gone->dropped = true;
  watched_[static_cast<std::size_t>(gone->fd)] = false;
  entries_.back()->index = gone->index;
  std::swap(entries_[gone->index], entries_.back());
  dropped_.push_back(std::move(entries_.back()));  // `ready_` may still refer to it
  entries_.pop_back();
}

JALON_INLINE void reactor::post(std::function<void()> call) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(call));
  }
  wake();
}

JALON_INLINE void reactor::stop() {
  post([this] { stopped_ = true; });
}

JALON_INLINE void reactor::run() {
  do {
    run_once(stopped_ ? wait_limit(0) : std::nullopt);
  } while (!stopped_);
  stopped_ = false;
}

JALON_INLINE void reactor::run_once(wait_limit limit) {
  if (in_turn_) throw std::logic_error("reactor: a handler has called run_once");
  const detail::value_during<bool> turn(in_turn_, true);
  limit = shortest(limit);
  if (trace_) trace_interest();
  std::visit([&](auto& p) { p.wait(ready_, limit); }, poller_);
  ++turn_;
  for (const ready_event& event : ready_) dispatch(event);
  if (woken_) run_posted();
  timers_.expire(now());
  deferrals_.run();
  std::exchange(dropped_, {}).clear();  // the destructor of a handler may drop further watches
}

JALON_INLINE void reactor::dispatch(const ready_event& event) {
  entry& watched = *static_cast<entry*>(event.tag);
  if (watched.dropped) return;
  const io_events what =
      has(event.what, io_events::hung_up) ? watched.interest : event.what & watched.interest;
  if (what == io_events::none) return;
  if (trace_)
    trace_("  ready " + std::to_string(watched.fd) + detail::describe(what) + ", " +
           std::string(watched.name));
  if (watched.last_turn + 1 != turn_) watched.turns_ready = watched.turns_idle = 0;
  watched.last_turn = turn_;
  ++watched.turns_ready;
  // To observe costs system calls: a watch that made progress is left alone for a while.
  const bool due = watched.turns_idle > 0 || watched.turns_ready % turns_between_looks == 0;
  if (watched.turns_ready > suspicious_turns && due)
    observe(watched, what);
  else
    watched.handler(what);
}

JALON_INLINE void reactor::observe(entry& watched, io_events what) {
  const auto before = detail::progress_of(watched.fd);
  watched.handler(what);
  if (watched.dropped) return;
  const bool idle = before == detail::progress_of(watched.fd) &&
                    detail::still_ready(watched.fd, detail::to_poll(what));
  watched.turns_idle = idle ? watched.turns_idle + 1 : 0;
  if (watched.turns_idle == suspicious_turns && !std::exchange(watched.stall_reported, true))
    on_stall_(watched.name, watched.fd);
}

JALON_INLINE wait_limit reactor::shortest(wait_limit limit) {
  using std::chrono::milliseconds;
  if (woken_ || !deferrals_.empty()) return milliseconds(0);
  const auto due = timers_.next();
  if (!due) return limit;
  // Rounded up: a turn that began a moment too early would find nothing due.
  const auto left =
      std::max(milliseconds(0), std::chrono::ceil<milliseconds>(time_until(*due, now())));
  return limit ? std::min(*limit, left) : left;
}

JALON_INLINE void reactor::wake() noexcept {
  const char byte = 0;
  // A full pipe wakes the loop as well, so a failure needs no handling.
  [[maybe_unused]] const auto written =
      uninterrupted([&] { return ::write(wake_.write.get(), &byte, 1); });
}

JALON_INLINE void reactor::drain_wake_pipe() {
  char bytes[64];
  while (uninterrupted([&] { return ::read(wake_.read.get(), bytes, sizeof bytes); }) > 0) {
  }
  woken_ = true;
}

JALON_INLINE void reactor::run_posted() {
  woken_ = false;
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(posted_mutex_);
    calls.swap(posted_);
  }
  auto next = calls.begin();
  try {
    while (next != calls.end()) (*next++)();
  } catch (...) {  // the functions behind the one that threw are called in the next turn
    const std::lock_guard lock(posted_mutex_);
    posted_.insert(posted_.begin(), std::make_move_iterator(next),
                   std::make_move_iterator(calls.end()));
    woken_ = true;
    throw;
  }
}

JALON_INLINE void reactor::trace_interest() {
  std::string line = "turn " + std::to_string(turn_ + 1) + " asks for";
  for (const auto& watched : entries_)
    line += " " + std::to_string(watched->fd) + detail::describe(watched->interest);
  trace_(line);
}

JALON_INLINE void reactor::report_stall(std::string_view name, int fd) {
  std::fprintf(stderr,
               "jalon: the handler of %.*s (descriptor %d) makes no progress: it is called in "
               "every turn and moves no byte\n",
               static_cast<int>(name.size()), name.data(), fd);
}

}  // namespace jalon
