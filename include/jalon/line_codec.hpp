// A codec of lines: frames that end with LF and have a maximum length.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "buffer.hpp"
#include "error.hpp"
#include "frame.hpp"

namespace jalon {

/// Decodes and encodes lines. LF ends a line; a CR before the LF is removed. For one thread.
///
/// A line that is too long is reported once, as `frame_error::too_long`. The rest of it is
/// discarded up to its LF, and decoding continues with the next line. So a peer can't make the
/// buffer grow beyond the bound, and no byte is searched twice, however small the pieces are.
class line_codec {
 public:
  /// The default maximum length of a line: 64 KiB, including the LF.
  static constexpr std::size_t default_max_bytes = 65'536;

  /// @param max_bytes the longest line in bytes, including its LF (and CR)
  explicit line_codec(std::size_t max_bytes = default_max_bytes) noexcept : max_bytes_(max_bytes) {}

  /// The next line, without its LF (and CR); `std::nullopt` if @p in holds no complete line.
  std::optional<frame> next(buffer& in) {
    for (;;) {
      const std::string_view bytes = in.readable();
      const auto end = bytes.find('\n', scanned_);
      if (end == bytes.npos) return wait_for_more(in);
      in.consume(end + 1);
      scanned_ = 0;
      if (std::exchange(discarding_, false)) continue;
      if (end + 1 > max_bytes_) return frame{{}, frame_error::too_long};
      return frame{without_cr(bytes.substr(0, end)), {}};
    }
  }

  /// Call at the end of the input: the last line if it has no LF, otherwise `std::nullopt`.
  std::optional<frame> finish(buffer& in) {
    const std::string_view bytes = in.readable();
    in.consume(bytes.size());
    scanned_ = 0;
    if (std::exchange(discarding_, false) || bytes.empty()) return std::nullopt;
    return frame{bytes, {}};
  }

  /// Whether it is in the middle of a line that is too long, and discards what comes of it.
  bool discarding() const noexcept { return discarding_; }

  /// Appends @p line and an LF to @p out. @pre @p line contains no LF
  static void encode(std::string_view line, std::string& out) { out.append(line).push_back('\n'); }

 private:
  std::optional<frame> wait_for_more(buffer& in) {
    scanned_ = in.size();
    if (!discarding_ && scanned_ < max_bytes_) return std::nullopt;
    in.consume(scanned_);
    scanned_ = 0;
    if (std::exchange(discarding_, true)) return std::nullopt;
    return frame{{}, frame_error::too_long};
  }

  static std::string_view without_cr(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  std::size_t max_bytes_;
  std::size_t scanned_ = 0;  // bytes at the front of the buffer that were searched for an LF
  bool discarding_ = false;  // in the middle of a line that is too long
};

static_assert(codec<line_codec>);

}  // namespace jalon
