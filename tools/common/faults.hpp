// What becomes of the bytes of one direction: held back, cut, joined, slowed, ended early.
// No socket here, and no clock: it is told the time.
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

/// How the bytes of one direction are bent. As it comes, not at all.
struct faults {
  std::size_t split = 0;               ///< bytes a send has at most; 0: as many as there are
  bool random = false;                 ///< one to `split` of them, by the seed
  std::size_t join = 0;                ///< so many bytes are waited for before any is passed on
  std::chrono::milliseconds every{0};  ///< between one send and the next
  std::chrono::milliseconds delay{0};  ///< from when bytes come to when they are passed on
  std::size_t rate = 0;                ///< bytes a second; 0: no limit
  bool stall = false;                  ///< nothing is passed on until `go`
  std::optional<std::uint64_t> half_close;     ///< after so many bytes this direction is ended
  std::optional<std::uint64_t> reset;          ///< after so many bytes the connection is cut
  std::optional<std::uint64_t> reset_message;  ///< before this message it is cut; the first is 1
};

/// Changes @p now by words such as `split 3, every 10`; `go` takes all back.
/// @throws std::runtime_error that says what is wrong; @p now is then as it was
void apply(faults& now, std::string_view words);

/// The bytes of one direction, on their way.
class bent_stream {
 public:
  /// What is to be done next.
  enum class step { wait, pass, half_close, reset };

  /// Bent by @p how, which outlives it and may change; random cuts are those of @p seed.
  bent_stream(const faults& how, std::uint64_t seed) : how_(how), random_(seed) {}

  /// @p bytes have come.
  void take(std::string_view bytes, jalon::steady_time now);
  /// No more will come.
  void end() { ended_ = true; }
  /// The connection is to be cut when this many bytes have been passed on.
  void reset_at(std::uint64_t byte) { reset_at_ = byte; }

  /// What is due at @p now.
  step due(jalon::steady_time now);
  /// After `pass`: the bytes of the next send.
  std::string_view piece() const { return std::string_view(pending_).substr(0, piece_); }
  /// So many bytes of the piece have been passed on.
  void passed(std::size_t bytes, jalon::steady_time now);

  /// After `half_close`: this direction is over, and what still comes is dropped.
  void half_closed();

  /// When to ask again although nothing has come; nothing if only bytes or words change it.
  std::optional<jalon::steady_time> next(jalon::steady_time now) const;

  /// How many bytes are on their way.
  std::size_t size() const noexcept { return pending_.size(); }

 private:
  struct arrival {
    std::size_t bytes;
    jalon::steady_time at;
  };

  std::size_t arrived(jalon::steady_time now) const;
  std::size_t length_of_piece(std::size_t there);

  const faults& how_;
  std::minstd_rand random_;
  std::string pending_;
  std::deque<arrival> arrivals_;  // of what is pending
  std::size_t piece_ = 0;
  std::uint64_t passed_ = 0;
  std::optional<std::uint64_t> reset_at_;
  jalon::steady_time not_before_{};
  bool ended_ = false;
  bool half_closed_ = false;
};

}  // namespace tools
