// How the loop turns; what it promises stands in reactor.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../progress.hpp"
#include "../reactor.hpp"

namespace jalon {

namespace detail {

// `:r`, `:w`, `:rw`, `:` for a rest.
JALON_INLINE std::string describe(io_events what) {
  std::string letters = ":";
  if (has(what, io_events::read)) letters += 'r';
  if (has(what, io_events::write)) letters += 'w';
  return letters;
}

}  // namespace detail

JALON_INLINE reactor::reactor() : reactor(poll_poller{}) {}

JALON_INLINE reactor::reactor(any_poller how, clock_function clock)
    : poller_(std::move(how)), clock_(std::move(clock)), wake_(make_pipe()) {
  waker_ = watch(
      wake_.read.get(), io_events::read, [this](io_events) { hear_wake(); },
      "the reactor's own pipe");
}

JALON_INLINE reactor::~reactor() = default;

JALON_INLINE reactor::watch_type reactor::watch(int fd, io_events wanted, ready_handler handler,
                                                std::string_view name) {
  auto added = std::make_unique<entry>(entry{.fd = fd,
                                             .wanted = wanted,
                                             .handler = std::move(handler),
                                             .name = name,
                                             .index = entries_.size()});
  entry* const tag = added.get();
  std::visit([&](auto& p) { p.add(fd, wanted, tag); }, poller_);
  entries_.push_back(std::move(added));
  return {this, tag};
}

JALON_INLINE void reactor::change(entry* watched, io_events wanted) {
  watched->wanted = wanted;
  std::visit([&](auto& p) { p.modify(watched->fd, wanted, watched); }, poller_);
}

JALON_INLINE void reactor::remove(entry* gone) noexcept {
  std::visit([&](auto& p) { p.remove(gone->fd); }, poller_);
  gone->dropped = true;
  entries_.back()->index = gone->index;
  std::swap(entries_[gone->index], entries_.back());
  retired_.push_back(std::move(entries_.back()));  // it may be among those ready in this turn
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
  stopped_ = false;
  while (!stopped_) run_once();
}

JALON_INLINE void reactor::run_once(wait_limit limit) {
  limit = shortest(limit);
  if (trace_) trace_asked();
  std::visit([&](auto& p) { p.wait(ready_, limit); }, poller_);
  ++turn_;
  for (const ready_event& event : ready_) dispatch(event);
  if (std::exchange(woken_, false)) run_posted();
  timers_.expire(now());
  deferrals_.run();
  std::exchange(retired_, {}).clear();  // what goes with them may drop watches in its turn
}

JALON_INLINE void reactor::dispatch(const ready_event& event) {
  entry& one = *static_cast<entry*>(event.tag);
  if (one.dropped) return;
  const io_events what = has(event.what, io_events::hung_up) ? one.wanted : event.what & one.wanted;
  if (what == io_events::none) return;
  if (trace_)
    trace_("  ready " + std::to_string(one.fd) + detail::describe(what) + ", " +
           std::string(one.name));
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

JALON_INLINE void reactor::call_suspect(entry& one, io_events what) {
  const auto before = detail::progress_of(one.fd);
  one.handler(what);
  if (one.dropped) return;
  const bool idle =
      before == detail::progress_of(one.fd) && detail::still_ready(one.fd, detail::to_poll(what));
  one.turns_idle = idle ? one.turns_idle + 1 : 0;
  if (one.turns_idle == suspicious_turns && !std::exchange(one.stall_told, true))
    on_stall_(one.name, one.fd);
}

JALON_INLINE wait_limit reactor::shortest(wait_limit limit) {
  using std::chrono::milliseconds;
  if (!deferrals_.empty()) return milliseconds(0);
  const auto due = timers_.next();
  if (!due) return limit;
  // Rounded up: to wake a moment early would cost a turn that finds nothing due.
  const auto left = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*due - now()));
  return limit ? std::min(*limit, left) : left;
}

JALON_INLINE void reactor::wake() noexcept {
  const char byte = 0;
  // A full pipe wakes the loop just as well.
  [[maybe_unused]] const auto written =
      uninterrupted([&] { return ::write(wake_.write.get(), &byte, 1); });
}

JALON_INLINE void reactor::hear_wake() {
  char bytes[64];
  while (uninterrupted([&] { return ::read(wake_.read.get(), bytes, sizeof bytes); }) > 0) {
  }
  woken_ = true;
}

JALON_INLINE void reactor::run_posted() {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(posted_mutex_);
    calls.swap(posted_);
  }
  for (auto& call : calls) call();
}

JALON_INLINE void reactor::trace_asked() {
  std::string line = "turn " + std::to_string(turn_ + 1) + " asks for";
  for (const auto& one : entries_)
    line += " " + std::to_string(one->fd) + detail::describe(one->wanted);
  trace_(line);
}

JALON_INLINE void reactor::complain(std::string_view name, int fd) {
  std::fprintf(stderr,
               "jalon: the handler of %.*s (descriptor %d) makes no progress: it is called in "
               "every turn and moves no byte\n",
               static_cast<int>(name.size()), name.data(), fd);
}

}  // namespace jalon
