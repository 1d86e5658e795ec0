// The hash of a file that exists already, computed a piece at a time between the turns of a loop,
// so that the chat goes on while gigabytes are hashed.
#pragma once

#include <cstdint>
#include <functional>
#include <system_error>
#include <utility>

#include <jalon/reactor.hpp>

#include "file_digest.hpp"

namespace transfer {

/// Reads and hashes the first bytes of a file, some pieces in each turn. Its destructor stops it.
/// To be used on the loop's thread.
class file_hasher {
 public:
  /// Called once, and may have the loop retire the hasher: with the hash, to be finished or
  /// continued; or with the reason why the file cannot be read.
  using done_handler = std::function<void(program::sha256, std::error_code)>;

  /// @param file stays open until `done` is called
  /// @param bytes the number of bytes to hash, from the start of the file
  file_hasher(jalon::reactor& loop, int file, std::uint64_t bytes, done_handler done)
      : loop_(loop), digest_(file), bytes_(bytes), done_(std::move(done)) {
    schedule_next_turn();
  }
  file_hasher(const file_hasher&) = delete;
  file_hasher& operator=(const file_hasher&) = delete;

 private:
  static constexpr int pieces_a_turn = 32;  // 2 MiB: about a millisecond

  void schedule_next_turn() {
    next_ = loop_.at(loop_.now(), [this] { hash_some(); });
  }

  void hash_some() {
    std::error_code error;
    for (int i = 0; i < pieces_a_turn && more_to_do() && !error; ++i) error = digest_.take(bytes_);
    if (more_to_do() && !error) return schedule_next_turn();
    done_(digest_.hash(), error);
  }

  bool more_to_do() const { return digest_.bytes() < bytes_; }

  jalon::reactor& loop_;
  file_digest digest_;
  std::uint64_t bytes_;
  done_handler done_;
  jalon::reactor::timer_type next_;
};

}  // namespace transfer
