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
    void cancel() noexcept {
      if (queue_ != nullptr) std::exchange(queue_, nullptr)->entries_.erase(key_);
    }

   private:
    friend timer_queue;
    timer(timer_queue* queue, key at) noexcept : queue_(queue), key_(at) {}

    timer_queue* queue_ = nullptr;
    key key_;
  };

  /// Has @p callback called at @p when. @return what keeps it: dropped, the call is off
  [[nodiscard]] timer add(steady_time when, std::function<void()> callback) {
    const key at{when, next_serial_++};
    entries_.emplace(at, std::move(callback));
    return {this, at};
  }

  /// The earliest time at which something is due; nothing if nothing is.
  std::optional<steady_time> next() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.begin()->first.first;
  }

  /// Calls what is due at @p now; what is added meanwhile waits for the next call, so that a
  /// timer that renews itself cannot hold the loop. @return how many were called
  std::size_t expire(steady_time now) {
    const std::uint64_t before = next_serial_;
    std::size_t called = 0;
    auto entry = entries_.begin();
    while (entry != entries_.end() && entry->first.first <= now) {
      if (entry->first.second >= before) {
        ++entry;
        continue;
      }
      const auto callback = std::move(entries_.extract(entry).mapped());
      callback();
      ++called;
      entry = entries_.begin();  // the callback may have changed anything
    }
    return called;
  }

 private:
  std::map<key, std::function<void()>> entries_;
  std::uint64_t next_serial_ = 0;
};

}  // namespace jalon
