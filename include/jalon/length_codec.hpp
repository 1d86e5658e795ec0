// Frames that begin with their length, in network byte order.
// No payload is interpreted here.
//
//     +-----------------------+---------------------+
//     | length, 1, 2, 4 bytes | that many bytes     |
//     +-----------------------+---------------------+
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "buffer.hpp"
#include "error.hpp"
#include "frame.hpp"

namespace jalon {

/// Takes length-prefixed frames out of a stream.
///
/// A length beyond the bound is told once, as `frame_error::too_long`, and nothing is taken after
/// it: unlike a line, such a stream has no mark to find its way back by, so what still comes is
/// discarded. The length is never believed before it is checked; no memory is set aside for it.
class length_codec {
 public:
  /// @param prefix_bytes how many bytes hold the length: 1, 2 or 4
  /// @param max_bytes the longest payload, in bytes
  /// @throws std::invalid_argument for another prefix, or a bound that it cannot express
  length_codec(std::size_t prefix_bytes, std::size_t max_bytes)
      : prefix_bytes_(prefix_bytes), max_bytes_(max_bytes) {
    if (prefix_bytes != 1 && prefix_bytes != 2 && prefix_bytes != 4)
      throw std::invalid_argument("length_codec: a prefix has 1, 2 or 4 bytes");
    if (max_bytes > std::numeric_limits<std::uint32_t>::max() >> (32 - 8 * prefix_bytes))
      throw std::invalid_argument("length_codec: the prefix cannot express the bound");
  }

  /// The next payload; nothing when @p in holds no whole frame, or after a wrong length.
  std::optional<frame> next(buffer& in) {
    if (lost_) in.consume(in.size());
    const std::string_view bytes = in.readable();
    if (bytes.size() < prefix_bytes_) return std::nullopt;
    const std::size_t length = read_length(bytes);
    if (length > max_bytes_) {
      lost_ = true;
      return frame{{}, frame_error::too_long};
    }
    if (bytes.size() - prefix_bytes_ < length) return std::nullopt;
    in.consume(prefix_bytes_ + length);
    return frame{bytes.substr(prefix_bytes_, length), {}};
  }

  /// After the end of the input: `frame_error::truncated` if it ended within a frame.
  std::optional<frame> finish(buffer& in) {
    const bool cut = !in.empty() && !lost_;
    in.consume(in.size());
    if (!cut) return std::nullopt;
    return frame{{}, frame_error::truncated};
  }

  /// Appends @p payload with its length to @p out.
  /// @throws std::length_error if it is beyond the bound
  void encode(std::string_view payload, std::string& out) const {
    if (payload.size() > max_bytes_) throw std::length_error("length_codec: payload too long");
    for (std::size_t byte = prefix_bytes_; byte-- > 0;)
      out.push_back(static_cast<char>(payload.size() >> (8 * byte)));
    out.append(payload);
  }

 private:
  std::size_t read_length(std::string_view bytes) const noexcept {
    std::size_t length = 0;
    for (const char byte : bytes.substr(0, prefix_bytes_))
      length = length << 8 | static_cast<unsigned char>(byte);
    return length;
  }

  std::size_t prefix_bytes_;
  std::size_t max_bytes_;
  bool lost_ = false;  // a length was wrong: nothing behind it can be trusted
};

static_assert(codec<length_codec>);

}  // namespace jalon
