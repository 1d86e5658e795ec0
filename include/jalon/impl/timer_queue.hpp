// The longer functions of timer_queue.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "../timer_queue.hpp"

namespace jalon {

JALON_INLINE void timer_queue::timer::cancel() noexcept {
  if (queue_ != nullptr) std::exchange(queue_, nullptr)->entries_.erase(key_);
}

JALON_INLINE timer_queue::timer timer_queue::add(steady_time when, std::function<void()> callback) {
  const key at{when, next_serial_++};
  entries_.emplace(at, std::move(callback));
  return {this, at};
}

JALON_INLINE std::optional<steady_time> timer_queue::next() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.begin()->first.first;
}

JALON_INLINE std::size_t timer_queue::expire(steady_time now) {
  const std::uint64_t before = next_serial_;
  std::size_t called = 0;
  auto entry = entries_.begin();
  while (entry != entries_.end() && entry->first.first <= now) {
    if (entry->first.second >= before) {
      ++entry;
      continue;
    }
    const key at = entry->first;
    const auto callback = std::move(entries_.extract(entry).mapped());
    callback();
    ++called;
    // The callback may have added or cancelled any entry. What it added before this one waits for
    // the next call.
    entry = entries_.upper_bound(at);
  }
  return called;
}

}  // namespace jalon
