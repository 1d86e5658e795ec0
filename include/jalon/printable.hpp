// Makes text from other users safe to print on a terminal or in a log.
// It does not decide what the protocol allows: C1 controls, for example, are legal on the wire.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "utf8.hpp"

namespace jalon {

/// Whether a code point must not be sent to a terminal: C0 controls and DEL move the cursor, C1
/// controls start terminal commands (ECMA-48), bidirectional controls change the order in which
/// text is displayed (Unicode UAX #9), and line and paragraph separators break the line.
constexpr bool is_deceptive(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/// Replaces each deceptive character and each byte that is not valid UTF-8 by U+FFFD, and a tab by
/// a space. @return @p text as UTF-8 on one line
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
