// Timers: functions to be called at a given time. The queue reads no clock. Its caller passes the
// time, so that a test can set it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ratio>
#include <utility>

#include "compiled.hpp"

namespace jalon {

/// A time of the event loops' clock, which is monotonic (CLOCK_MONOTONIC, clock_gettime(2)).
using steady_time = std::chrono::steady_clock::time_point;

namespace detail {

// a + b, or the nearest duration that can be expressed.
constexpr steady_time::duration add_saturated(steady_time::duration a, steady_time::duration b) {
  using limit = steady_time::duration;
  if (b > limit::zero() && a > limit::max() - b) return limit::max();
  if (b < limit::zero() && a < limit::min() - b) return limit::min();
  return a + b;
}

// The same duration in ticks of the clock, or the nearest that can be expressed.
template <class Rep, class Period>
constexpr steady_time::duration to_ticks(std::chrono::duration<Rep, Period> wait) {
  using ticks = steady_time::duration;
  using ratio = std::ratio_divide<Period, ticks::period>;
  using exact_ticks = std::chrono::duration<double, ticks::period>;
  const exact_ticks about(wait);
  if (!(about < exact_ticks(ticks::max()))) return ticks::max();
  if (!(about > exact_ticks(ticks::min()))) return ticks::min();
  if constexpr (ratio::num == 1 || ratio::den == 1)
    return std::chrono::duration_cast<ticks>(wait);
  else
    return std::chrono::duration_cast<ticks>(about);  // the exact way might overflow meanwhile
}

}  // namespace detail

/// The time @p wait after @p now, or the last or first that can be expressed, if that would be
/// later or earlier still. So the largest duration means "no limit", and does not overflow to a
/// time in the past. @p wait may be of any unit and type.
template <class Rep, class Period>
constexpr steady_time time_after(steady_time now, std::chrono::duration<Rep, Period> wait) {
  const auto ticks = detail::to_ticks(wait);
  if (ticks == steady_time::duration::max()) return steady_time::max();
  if (ticks == steady_time::duration::min()) return steady_time::min();
  return steady_time(detail::add_saturated(now.time_since_epoch(), ticks));
}

/// How long it is from @p now to @p when, negative if that is past; the longest or shortest
/// duration that can be expressed, if it would be beyond.
constexpr steady_time::duration time_until(steady_time when, steady_time now) {
  using limit = steady_time::duration;
  if (now.time_since_epoch() == limit::min())  // its negative cannot be expressed
    return when < steady_time{} ? when - now : limit::max();
  return detail::add_saturated(when.time_since_epoch(), -now.time_since_epoch());
}

/// Calls functions when they are due, the earliest first; functions of the same time are called in
/// the order in which they were added. For one thread. Must outlive its timers.
class timer_queue {
  using key = std::pair<steady_time, std::uint64_t>;

 public:
  /// Owns an entry of the queue: destroying the timer cancels the call.
  class timer {
   public:
    /// Owns no entry.
    timer() = default;
    /// Takes ownership of the other's entry.
    timer(timer&& other) noexcept
        : queue_(std::exchange(other.queue_, nullptr)), key_(std::move(other.key_)) {}
    /// Cancels its own entry, then takes ownership of the other's.
    timer& operator=(timer&& other) noexcept {
      if (this != &other) {
        cancel();
        queue_ = std::exchange(other.queue_, nullptr);
        key_ = other.key_;
      }
      return *this;
    }
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;
    ~timer() { cancel(); }

    /// Removes the entry, if its function was not called yet.
    void cancel() noexcept;

   private:
    friend timer_queue;
    timer(timer_queue* queue, key at) noexcept : queue_(queue), key_(at) {}

    timer_queue* queue_ = nullptr;
    key key_;
  };

  /// Adds a call of @p callback at the time @p when.
  /// @return the owner of the entry: destroying it cancels the call
  [[nodiscard]] timer add(steady_time when, std::function<void()> callback);

  /// When the earliest entry is due; `std::nullopt` if there is no entry.
  std::optional<steady_time> next() const;

  /// Calls the functions that are due at @p now. Entries that these functions add are left for the
  /// next call of `expire`, so that a timer that renews itself does not block the event loop.
  /// @return the number of functions called
  std::size_t expire(steady_time now);

 private:
  std::map<key, std::function<void()>> entries_;
  std::uint64_t next_serial_ = 0;
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/timer_queue.hpp"
#endif
