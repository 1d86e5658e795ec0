// Timers: functions to be called at a given time. The queue reads no clock. Its caller passes the
// time, so that a test can set it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "compiled.hpp"

namespace jalon {

/// A time of the event loops' clock, which is monotonic (CLOCK_MONOTONIC, clock_gettime(2)).
using steady_time = std::chrono::steady_clock::time_point;

/// The time @p wait after @p now; the last time that can be expressed, if that would be later. So
/// the largest duration means "no limit", and does not overflow to a time in the past.
/// @pre @p now is not before the clock's epoch
template <class Rep, class Period>
constexpr steady_time time_after(steady_time now, std::chrono::duration<Rep, Period> wait) {
  const auto longest =
      std::chrono::duration_cast<std::chrono::duration<Rep, Period>>(steady_time::max() - now);
  return wait >= longest ? steady_time::max() : now + wait;
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
