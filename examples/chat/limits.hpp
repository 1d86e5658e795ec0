// The limits of a chat server, for peers that are careless or hostile: all numbers in one place.
// policy.hpp applies them, in front of the rules. Chapter: tutorial/02-users.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace chat {

/// What one client may ask of a server. The unit of work is one delivery: a frame of up to 256
/// bytes to one client. docs/limits.md says what a request costs.
struct service_limits {
  /// How much work one client may cause in a second, for as long as it likes.
  std::uint64_t rate = 50'000;
  /// How much work one client may cause at once, after it was quiet: a hundred lines to a room of
  /// 1,000 are half of it.
  std::uint64_t burst = 200'000;
  /// A client that must wait longer than this for its next request is told so by an error.
  /// A shorter wait is silent: the server only reads nothing from it.
  std::chrono::nanoseconds longest_wait = std::chrono::seconds(5);
  /// How much work is done in a turn of the loop, so that nobody waits for the crowd.
  std::uint64_t turn_work = 500'000;
  /// How many bytes of lines may wait for a later turn; beyond that, requests are refused.
  std::uint64_t held_bytes = std::uint64_t{16} << 20;
  /// How long a client may stay without a nick. Not for clients on this machine.
  std::chrono::nanoseconds login_time = std::chrono::seconds(120);
  /// How many connections one address may have; a /64 network counts as one IPv6 address. Not for
  /// clients on this machine.
  std::uint64_t connections_per_address = 512;

  /// No limits, for benchmarks.
  static constexpr service_limits none() {
    return {.rate = std::numeric_limits<std::uint64_t>::max(),
            .burst = std::numeric_limits<std::uint64_t>::max(),
            .longest_wait = std::chrono::nanoseconds::max(),
            .turn_work = std::numeric_limits<std::uint64_t>::max(),
            .held_bytes = std::numeric_limits<std::uint64_t>::max(),
            .login_time = std::chrono::nanoseconds::max(),
            .connections_per_address = std::numeric_limits<std::uint64_t>::max()};
  }
};

}  // namespace chat
