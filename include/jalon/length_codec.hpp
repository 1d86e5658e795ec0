// A codec of length-prefixed frames. The length is in network byte order (big-endian).
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

/// Decodes and encodes length-prefixed frames. For one thread.
///
/// A length above the bound is reported once, as `frame_error::too_long`. All later input is
/// discarded, because without a delimiter the start of the next frame can't be found. The length is
/// checked before it is used, and no memory is reserved for it.
class length_codec {
 public:
  /// @param prefix_bytes the size of the length field: 1, 2 or 4 bytes
  /// @param max_bytes the longest payload, in bytes
  /// @throws std::invalid_argument for any other size of the length field, or a bound that it can't
  /// hold
  length_codec(std::size_t prefix_bytes, std::size_t max_bytes)
      : prefix_bytes_(prefix_bytes), max_bytes_(max_bytes) {
    if (prefix_bytes != 1 && prefix_bytes != 2 && prefix_bytes != 4)
      throw std::invalid_argument("length_codec: a prefix has 1, 2 or 4 bytes");
    if (max_bytes > std::numeric_limits<std::uint32_t>::max() >> (32 - 8 * prefix_bytes))
      throw std::invalid_argument("length_codec: the prefix cannot express the bound");
  }

  /// The next frame; `std::nullopt` if @p in holds no complete frame, or after a length that was
  /// too large.
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

  /// Call at the end of the input: `frame_error::truncated` if it ended in the middle of a frame.
  std::optional<frame> finish(buffer& in) {
    const bool cut = !in.empty() && !lost_;
    in.consume(in.size());
    if (!cut) return std::nullopt;
    return frame{{}, frame_error::truncated};
  }

  /// Whether it discards what comes, because a length was too large.
  bool discarding() const noexcept { return lost_; }

  /// Appends the length of @p payload and @p payload to @p out.
  /// @throws std::length_error if @p payload is longer than the bound
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
  bool lost_ = false;  // a length was too large: the start of the next frame is unknown
};

static_assert(codec<length_codec>);

}  // namespace jalon
