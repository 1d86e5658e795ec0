// The hash of a file that is there already, computed between the turns of a loop: a file of
// gigabytes does not keep the chat waiting.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <jalon/error.hpp>
#include <jalon/reactor.hpp>

#include "sha256.hpp"

namespace example {

/// Reads the first bytes of a file, a piece a turn, and hashes them. Destroyed, it stops. For the
/// loop's thread.
class file_hasher {
 public:
  /// Called once: with what was hashed so far, to be finished or gone on with; or with the reason
  /// why the file cannot be read.
  using done_handler = std::function<void(sha256, std::error_code)>;

  /// @param file stays open until `done` is called
  /// @param bytes how many, from the start of the file
  file_hasher(jalon::reactor& loop, int file, std::uint64_t bytes, done_handler done)
      : loop_(loop), file_(file), left_(bytes), done_(std::move(done)) {
    go_on_later();
  }
  file_hasher(const file_hasher&) = delete;
  file_hasher& operator=(const file_hasher&) = delete;

 private:
  static constexpr std::size_t piece_bytes = 65'536;
  static constexpr int pieces_a_turn = 32;  // 2 MiB: about a millisecond

  void go_on_later() {
    next_ = loop_.at(loop_.now(), [this] { go_on(); });
  }

  void go_on() {
    std::error_code error;
    for (int i = 0; i < pieces_a_turn && left_ > 0 && !error; ++i) error = take_piece();
    if (left_ > 0 && !error) return go_on_later();
    const auto done = std::move(done_);  // it may destroy this
    done(std::move(hash_), error);
  }

  std::error_code take_piece() {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece_->size()));
    const auto got = jalon::uninterrupted(
        [&] { return ::pread(file_, piece_->data(), wanted, static_cast<off_t>(offset_)); });
    if (got == -1) return {errno, std::system_category()};
    if (got == 0) return std::make_error_code(std::errc::io_error);  // it has become shorter
    hash_.update({piece_->data(), static_cast<std::size_t>(got)});
    offset_ += static_cast<std::uint64_t>(got);
    left_ -= static_cast<std::uint64_t>(got);
    return {};
  }

  jalon::reactor& loop_;
  int file_;
  std::uint64_t offset_ = 0;
  std::uint64_t left_;
  sha256 hash_;
  std::unique_ptr<std::array<char, piece_bytes>> piece_ =
      std::make_unique<std::array<char, piece_bytes>>();
  done_handler done_;
  jalon::reactor::timer_type next_;
};

}  // namespace example
