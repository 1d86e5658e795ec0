// The hash of a file that is there already, computed between the turns of a loop: a file of
// gigabytes does not keep the chat waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <system_error>
#include <utility>

#include <jalon/reactor.hpp>

#include "file_digest.hpp"

namespace transfer {

/// Reads the first bytes of a file, a piece a turn, and hashes them. Destroyed, it stops. For the
/// loop's thread.
class file_hasher {
 public:
  /// Called once: with what was hashed so far, to be finished or gone on with; or with the reason
  /// why the file cannot be read.
  using done_handler = std::function<void(program::sha256, std::error_code)>;

  /// @param file stays open until `done` is called
  /// @param bytes how many, from the start of the file
  file_hasher(jalon::reactor& loop, int file, std::uint64_t bytes, done_handler done)
      : loop_(loop), digest_(file), bytes_(bytes), done_(std::move(done)) {
    go_on_later();
  }
  file_hasher(const file_hasher&) = delete;
  file_hasher& operator=(const file_hasher&) = delete;

 private:
  static constexpr int pieces_a_turn = 32;  // 2 MiB: about a millisecond

  void go_on_later() {
    next_ = loop_.at(loop_.now(), [this] { go_on(); });
  }

  void go_on() {
    std::error_code error;
    for (int i = 0; i < pieces_a_turn && more_to_do() && !error; ++i) error = digest_.take(bytes_);
    if (more_to_do() && !error) return go_on_later();
    const auto done = std::move(done_);  // it may destroy this
    done(digest_.hash(), error);
  }

  bool more_to_do() const { return digest_.bytes() < bytes_; }

  jalon::reactor& loop_;
  file_digest digest_;
  std::uint64_t bytes_;
  done_handler done_;
  jalon::reactor::timer_type next_;
};

}  // namespace transfer
