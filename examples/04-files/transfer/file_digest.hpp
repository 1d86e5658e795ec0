// The hash of the first bytes of a file, computed piece by piece.
// The caller decides when the next piece is read: see file_hasher.hpp and trailing_hash.hpp.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include <jalon/error.hpp>

#include "program/sha256.hpp"

namespace transfer {

/// A hash, and the number of bytes of a file that it covers. For one thread at a time.
class file_digest {
 public:
  /// Continues @p begun, the hash of the first @p bytes.
  /// @param file open for reading, outlives this
  explicit file_digest(int file, std::uint64_t bytes = 0, program::sha256 begun = {})
      : file_(file), bytes_(bytes), hash_(std::move(begun)) {}

  /// Reads and hashes the next piece.
  /// @param end where the piece ends at the latest, in bytes from the start of the file; the file
  /// has at least as many
  /// @return why the file cannot be read; an error too if it has become shorter
  std::error_code take(std::uint64_t end) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - bytes_, piece_bytes));
    const auto got = jalon::uninterrupted(
        [&] { return ::pread(file_, piece_->data(), wanted, static_cast<off_t>(bytes_)); });
    if (got == -1) return {errno, std::system_category()};
    if (got == 0) return std::make_error_code(std::errc::io_error);
    hash_.update({piece_->data(), static_cast<std::size_t>(got)});
    bytes_ += static_cast<std::uint64_t>(got);
    return {};
  }

  /// The number of bytes that are hashed.
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// The hash of these bytes, to be finished or continued. The last call.
  program::sha256 hash() { return std::move(hash_); }

 private:
  static constexpr std::size_t piece_bytes = 65'536;

  int file_;
  std::uint64_t bytes_;
  program::sha256 hash_;
  std::unique_ptr<std::array<char, piece_bytes>> piece_ =
      std::make_unique<std::array<char, piece_bytes>>();
};

}  // namespace transfer
