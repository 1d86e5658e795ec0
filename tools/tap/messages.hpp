// Finds the messages in a stream whose bytes arrive in any pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/dialect.hpp"

namespace tap {

/// Finds the messages of one direction of a connection.
class message_finder {
 public:
  /// The number of bytes that are kept of an incomplete message; a longer one is skipped.
  static constexpr std::size_t max_kept = 1U << 20;

  /// @param dialect must outlive the finder
  explicit message_finder(const tools::dialect& dialect) : dialect_(dialect) {}

  /// Adds bytes. @return the summaries of the messages that are complete now
  std::vector<std::string> feed(std::string_view bytes) {
    tail_ += bytes;
    std::vector<std::string> complete;
    std::size_t end = 0;
    for (const auto& message : dialect_.split(tail_)) {
      if (!message.complete) break;
      complete.push_back(message.summary);
      end = message.end;
      ends_.push_back(begin_ + end);
    }
    if (tail_.size() - end > max_kept) end = tail_.size();
    tail_.erase(0, end);
    begin_ += end;
    return complete;
  }

  /// The offset in the stream at which message number @p n begins; the first message is 1. Nothing
  /// if the message before it is incomplete.
  std::optional<std::uint64_t> begin_of(std::uint64_t n) const {
    if (n == 1) return 0;
    if (n == 0 || n - 2 >= ends_.size()) return std::nullopt;
    return ends_[n - 2];
  }

 private:
  const tools::dialect& dialect_;
  std::string tail_;
  std::uint64_t begin_ = 0;  // the offset of `tail_` in the stream
  std::vector<std::uint64_t> ends_;
};

}  // namespace tap
