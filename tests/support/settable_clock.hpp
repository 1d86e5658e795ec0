// A clock that stands still until a test moves it.
// Nothing here waits.
#pragma once

#include <chrono>
#include <memory>

#include <jalon/timer_queue.hpp>

namespace support {

/// Its copies show one time, so that a test can keep one and give another away.
class settable_clock {
 public:
  /// The time it shows; what a loop asks of its clock.
  jalon::steady_time operator()() const { return *now_; }

  /// Moves it on.
  void advance(std::chrono::milliseconds by) { *now_ += by; }

 private:
  // Not zero, so that code that takes zero for "no time" is found out.
  std::shared_ptr<jalon::steady_time> now_ =
      std::make_shared<jalon::steady_time>(std::chrono::hours(1));
};

}  // namespace support
