// The framing of a file on its connection: one line, then the bytes of the file.
// Chapter: tutorial/04-files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jalon/frame.hpp>
#include <jalon/line_codec.hpp>

namespace transfer {

/// A codec (jalon/frame.hpp). The first frame is a line; after it, whatever bytes have been read
/// are a frame.
class file_codec {
 public:
  /// The most bytes that the line may have. It holds a name and a token, of at most 128 bytes each
  /// before they are escaped, and a number.
  static constexpr std::size_t max_line = 2'048;

  std::optional<jalon::frame> next(jalon::buffer& in) {
    if (!had_line_) return first(lines_.next(in));
    if (in.empty()) return std::nullopt;
    const std::string_view bytes = in.readable();
    in.consume(bytes.size());
    return jalon::frame{bytes, {}};
  }

  std::optional<jalon::frame> finish(jalon::buffer& in) {
    return had_line_ ? std::nullopt : first(lines_.finish(in));
  }

  static void encode(std::string_view line, std::string& out) {
    jalon::line_codec::encode(line, out);
  }

 private:
  std::optional<jalon::frame> first(std::optional<jalon::frame> line) {
    had_line_ = line.has_value();
    return line;
  }

  jalon::line_codec lines_{max_line};
  bool had_line_ = false;
};

static_assert(jalon::codec<file_codec>);

}  // namespace transfer
