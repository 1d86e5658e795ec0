// Decoding and checking UTF-8 (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace jalon {

/// The first code point of a text.
struct utf8_front {
  char32_t code_point = 0;  ///< its number
  std::size_t length = 0;   ///< its size in bytes; 0 if the text does not begin with valid UTF-8
};

/// Decodes the first code point of @p text. Overlong forms, surrogates and values above U+10FFFF
/// are invalid. @return length 0 if it is invalid, or if @p text is empty
constexpr utf8_front decode_utf8(std::string_view text) noexcept {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || (value >= 0xD800 && value <= 0xDFFF) || value > 0x10FFFF) return {};
  return {value, length};
}

/// Whether all of @p text is valid UTF-8.
constexpr bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = decode_utf8(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// The longest prefix of @p text of at most @p most bytes that does not end inside a character, if
/// @p text is valid UTF-8. Of other text, at most 3 bytes less than @p most are left out.
constexpr std::string_view utf8_prefix(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && most - end < 3 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80)
    --end;
  return text.substr(0, end);
}

}  // namespace jalon
