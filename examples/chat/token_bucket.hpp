// A token bucket: how much a client may cause at once, and in the long run. Chapter:
// tutorial/02-users.
//
//     tokens drip in at a fixed rate -->  | ~~~~~~ |  capacity
//                                         |________|
//     each request takes as many as it costs   |
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <jalon/timer_queue.hpp>

namespace chat {

/// A bucket of tokens. What it holds is kept as a time: when it is full again. So it needs no
/// timer, and one number (this form is known as the generic cell rate algorithm, GCRA).
class token_bucket {
 public:
  using steady_time = jalon::steady_time;
  using duration = steady_time::duration;

  /// Takes @p cost tokens at @p now. The bucket may owe tokens afterwards.
  /// @param rate the tokens that drip in each second, at least 1
  void take(std::uint64_t cost, std::uint64_t rate, steady_time now) {
    full_at_ = jalon::time_after(std::max(full_at_, now), time_of(cost, rate));
  }

  /// When it is full again, if nothing more is taken.
  steady_time full_at() const noexcept { return full_at_; }

  /// A bucket that is full again at @p when.
  static token_bucket full_from(steady_time when) {
    token_bucket made;
    made.full_at_ = when;
    return made;
  }

  /// How long after @p now it is until the bucket owes nothing; zero if it owes nothing now.
  /// @param burst the capacity, in tokens
  duration wait(std::uint64_t burst, std::uint64_t rate, steady_time now) const {
    if (full_at_ <= now) return duration::zero();
    return std::max(duration::zero(), full_at_ - now - time_of(burst, rate));
  }

 private:
  // The time in which so many tokens drip in; a year at most.
  static duration time_of(std::uint64_t tokens, std::uint64_t rate) {
    constexpr std::chrono::duration<double> year = std::chrono::hours(24 * 365);
    const std::chrono::duration<double> exact{static_cast<double>(tokens) /
                                              static_cast<double>(rate)};
    return std::chrono::duration_cast<duration>(std::min(exact, year));
  }

  steady_time full_at_{};
};

}  // namespace chat
