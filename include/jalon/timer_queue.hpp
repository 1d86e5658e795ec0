// What is to happen at which time.
// No clock is read here: the time is told, so that a test can set it.
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

/// The clock of the loops: never set back.
using steady_time = std::chrono::steady_clock::time_point;

/// Calls functions when their time has come, the earliest first, at one time in the order in
/// which they were added. For one thread. Outlives its timers.
class timer_queue {
  using key = std::pair<steady_time, std::uint64_t>;

 public:
  /// Holds one entry of a queue, and takes it out when it goes out of scope.
  class timer {
   public:
    /// Holds nothing.
    timer() = default;
    /// Takes the entry over.
    timer(timer&& other) noexcept
        : queue_(std::exchange(other.queue_, nullptr)), key_(std::move(other.key_)) {}
    /// Cancels its own entry, and takes the other over.
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

    /// Takes the entry out, if it has not been called yet.
    void cancel() noexcept;

   private:
    friend timer_queue;
    timer(timer_queue* queue, key at) noexcept : queue_(queue), key_(at) {}

    timer_queue* queue_ = nullptr;
    key key_;
  };

  /// Has @p callback called at @p when. @return what keeps it: dropped, the call is off
  [[nodiscard]] timer add(steady_time when, std::function<void()> callback);

  /// The earliest time at which something is due; nothing if nothing is.
  std::optional<steady_time> next() const;

  /// Calls what is due at @p now; what is added meanwhile waits for the next call, so that a
  /// timer that renews itself cannot hold the loop. @return how many were called
  std::size_t expire(steady_time now);

 private:
  std::map<key, std::function<void()>> entries_;
  std::uint64_t next_serial_ = 0;
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/timer_queue.hpp"
#endif
