// The messages in what a connection says, found as the bytes come.
// How they were cut into pieces is not known here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/dialect.hpp"

namespace tap {

/// One direction of a connection.
class message_finder {
 public:
  /// Of a message that has not ended, so many bytes are kept; a longer one is passed over.
  static constexpr std::size_t most_kept = 1U << 20;

  /// Finds messages of @p speech, which outlives it.
  explicit message_finder(const tools::dialect& speech) : speech_(speech) {}

  /// More bytes have come. @return what the messages say that they complete
  std::vector<std::string> feed(std::string_view bytes) {
    tail_ += bytes;
    std::vector<std::string> complete;
    std::size_t end = 0;
    for (const auto& message : speech_.split(tail_)) {
      if (!message.whole) break;
      complete.push_back(message.summary);
      end = message.end;
      ends_.push_back(begin_ + end);
    }
    if (tail_.size() - end > most_kept) end = tail_.size();
    tail_.erase(0, end);
    begin_ += end;
    return complete;
  }

  /// After how many bytes message number @p n begins, the first being 1; nothing if the one before
  /// it has not ended.
  std::optional<std::uint64_t> begin_of(std::uint64_t n) const {
    if (n == 1) return 0;
    if (n == 0 || n - 2 >= ends_.size()) return std::nullopt;
    return ends_[n - 2];
  }

 private:
  const tools::dialect& speech_;
  std::string tail_;
  std::uint64_t begin_ = 0;  // of the tail, in the stream
  std::vector<std::uint64_t> ends_;
};

}  // namespace tap
