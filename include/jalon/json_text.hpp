// JSON as text, without a parser: a check of a line before it is parsed, and writing values.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "any_byte.hpp"

namespace jalon {

/// The maximum nesting depth of a line: 512 levels. A deeper line is rejected, because code that
/// processes JSON is often recursive, and a peer could make it overflow its stack.
inline constexpr std::size_t max_json_depth = 512;

/// The part of @p line that may be a JSON object; `std::nullopt` if it can't be one. Parsers differ
/// here, so this is checked before parsing: a byte order mark at the start is removed (RFC 8259,
/// 8.1), and the first byte that is not white space must be `{`.
inline std::optional<std::string_view> json_object_text(std::string_view line) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (line.starts_with(mark)) line.remove_prefix(mark.size());
  const auto begin = line.find_first_not_of(" \t\n\r");
  if (begin == line.npos || line[begin] != '{') return std::nullopt;
  return line;
}

namespace detail {

constexpr bool needs_escape(unsigned char byte) noexcept {
  return byte == '"' || byte == '\\' || byte < 0x20 || byte == 0x7F;
}

inline void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (!needs_escape(byte))
    out += c;
  else if (c == '"' || c == '\\')
    out += {'\\', c};
  else if (c == '\t')
    out += "\\t";
  else if (c == '\n')
    out += "\\n";
  else
    out.append("\\u00").append({hex[byte >> 4U], hex[byte & 0xFU]});
}

}  // namespace detail

/// Appends @p text to @p out as a JSON string. Line ends are escaped, so the result is on one line.
/// @pre @p text is valid UTF-8
inline void append_json(std::string& out, std::string_view text) {
  if (!any_byte(text, detail::needs_escape)) {
    const std::size_t begin = out.size();
    out.append(text.size() + 2, '"');  // both quotes; the bytes between them are overwritten
    text.copy(out.data() + begin + 1, text.size());
  } else {
    out += '"';
    for (const char c : text) detail::append_escaped(out, c);
    out += '"';
  }
}

/// Appends a number to @p out.
inline void append_json(std::string& out, std::uint64_t number) { out += std::to_string(number); }
/// Appends a number to @p out.
inline void append_json(std::string& out, std::int64_t number) { out += std::to_string(number); }
/// Appends `true` or `false` to @p out.
// A template, because a string literal would convert to `bool` before `std::string_view`.
template <std::same_as<bool> Boolean>
void append_json(std::string& out, Boolean value) {
  out += value ? "true" : "false";
}

}  // namespace jalon
