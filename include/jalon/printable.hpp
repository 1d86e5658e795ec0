// Text from others, made safe to show.
// What is legal on the wire is not decided here; this is only for eyes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "utf8.hpp"

namespace jalon {

/// Whether a code point must not reach a terminal: C0 and DEL move the cursor, C1 starts its
/// commands (ECMA-48), and bidirectional controls make text read in another order than it has
/// (Unicode UAX #9); line and paragraph separators break the line.
constexpr bool is_deceptive(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/// @p text with U+FFFD in the place of each deceptive character and each byte that is no UTF-8;
/// a tab becomes a blank. @return UTF-8 on one line
inline std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto [code_point, length] = decode_utf8(text);
    if (code_point == U'\t')
      shown += ' ';
    else if (length == 0 || is_deceptive(code_point))
      shown += "\xEF\xBF\xBD";
    else
      shown += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return shown;
}

}  // namespace jalon
