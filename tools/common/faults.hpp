// Fault injection for the bytes of one direction: delay, splitting, joining, rate limits, early
// end. It uses no socket and no clock: the caller passes the time, so that tests can set it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <jalon/timer_queue.hpp>

namespace tools {

/// The faults to inject into one direction. The defaults inject none.
struct faults {
  std::size_t split = 0;               ///< the largest number of bytes per send; 0: no limit
  bool random = false;                 ///< each send has a random size, from 1 to `split` bytes
  std::size_t join = 0;                ///< the number of bytes to collect before the next send
  std::chrono::milliseconds every{0};  ///< the shortest time between two sends
  std::chrono::milliseconds delay{0};  ///< the time from the arrival of bytes to their send
  std::size_t rate = 0;                ///< bytes per second; 0: no limit
  bool stall = false;                  ///< nothing is sent until `go`
  std::optional<std::uint64_t> half_close;     ///< half-close this direction after so many bytes
  std::optional<std::uint64_t> reset;          ///< reset the connection after so many bytes
  std::optional<std::uint64_t> reset_message;  ///< reset it before this message; the first is 1
};

/// Changes @p current as @p spec says, for example `split 3, every 10`; `go` removes all faults.
/// @throws std::runtime_error that says what is wrong; @p current is then unchanged
void apply(faults& current, std::string_view spec);

/// A queue for the bytes of one direction that decides when and in which pieces they are sent.
///
/// The owner appends what arrives, asks for the next step, and reports what it has sent.
class faulty_stream {
 public:
  /// What the owner has to do next.
  enum class step { wait, send, half_close, reset };

  /// @param how the faults, which must outlive the stream and may change at any time
  /// @param seed for the random sizes: the same seed gives the same sizes
  faulty_stream(const faults& how, std::uint64_t seed) : faults_(how), random_(seed) {}

  /// Appends bytes that have arrived.
  void append(std::string_view bytes, jalon::steady_time now);
  /// Marks the end of the input: nothing more will arrive.
  void end_input() { ended_ = true; }
  /// Resets the connection once this many bytes have been sent.
  void reset_at(std::uint64_t byte) { reset_at_ = byte; }

  /// What to do at @p now.
  step next_step(jalon::steady_time now);
  /// After `step::send`: the bytes to send.
  std::string_view piece() const { return std::string_view(pending_).substr(0, piece_); }
  /// Removes the first @p bytes of the piece: they have been sent.
  void consume(std::size_t bytes, jalon::steady_time now);

  /// Drops what is queued, and everything that is appended later.
  void close();

  /// When to ask for the next step although no event has occurred; nothing if only new bytes or
  /// changed faults can lead to one.
  std::optional<jalon::steady_time> next_wakeup(jalon::steady_time now) const;

  /// The number of queued bytes.
  std::size_t size() const noexcept { return pending_.size(); }

 private:
  struct arrival {
    std::size_t bytes;
    jalon::steady_time at;
  };

  std::size_t deliverable(jalon::steady_time now) const;
  std::size_t piece_length(std::size_t available);

  const faults& faults_;
  std::minstd_rand random_;
  std::string pending_;
  std::deque<arrival> arrivals_;  // when the pending bytes arrived
  std::size_t piece_ = 0;
  std::uint64_t sent_ = 0;
  std::optional<std::uint64_t> reset_at_;
  jalon::steady_time not_before_{};
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace tools
