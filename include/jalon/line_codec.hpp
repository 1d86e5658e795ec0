// Lines: frames that end with LF, at most so many bytes long.
// No line is interpreted here.
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

/// Takes lines out of a stream. LF ends a line, a CR before it is dropped.
///
/// A line that is too long is told once, as `frame_error::too_long`; its rest is discarded as it
/// comes, up to its LF, and the stream goes on with the next line. So no peer makes a buffer grow
/// beyond the bound, and no byte is looked at twice, however small the pieces are.
class line_codec {
 public:
  /// 64 KiB, LF included: what a line may have if nothing else is said.
  static constexpr std::size_t default_max_bytes = 65'536;

  /// @param max_bytes the longest line, with its LF (and CR), in bytes
  explicit line_codec(std::size_t max_bytes = default_max_bytes) noexcept : max_bytes_(max_bytes) {}

  /// The next line, without its end; nothing when @p in holds no whole line.
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

  /// After the end of the input: the last line, if it has no LF; then nothing.
  std::optional<frame> finish(buffer& in) {
    const std::string_view bytes = in.readable();
    in.consume(bytes.size());
    scanned_ = 0;
    if (std::exchange(discarding_, false) || bytes.empty()) return std::nullopt;
    return frame{bytes, {}};
  }

  /// Appends @p line, which holds no LF, and its end to @p out.
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
  std::size_t scanned_ = 0;  // bytes at the front of the buffer that hold no LF
  bool discarding_ = false;  // inside a line that was too long
};

static_assert(codec<line_codec>);

}  // namespace jalon
