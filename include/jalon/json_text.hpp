// JSON as text, for which no parser is needed: what is looked at before a line is parsed, and how
// values are written. What the values mean is not known here.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "any_byte.hpp"

namespace jalon {

/// The levels of nesting that are read: 512. A deeper line is refused, because code that works on
/// JSON is often recursive, and a peer could make it overflow its stack.
inline constexpr std::size_t max_json_depth = 512;

/// The text in @p line that may be a JSON object; nothing if it can't be one. Parsers do not agree
/// on this, so none of them is asked: one byte order mark may stand before the text, and is left
/// out (RFC 8259, 8.1); the first byte that is no white space must be `{`.
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

/// Appends @p text, which is UTF-8, to @p out as a JSON string; a line end in it is escaped, so
/// the result stays on one line.
inline void append_json(std::string& out, std::string_view text) {
  if (!any_byte(text, detail::needs_escape)) {
    const std::size_t begin = out.size();
    out.append(text.size() + 2, '"');  // both quotes, and what is between them is written over
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
// A template: a text in quotes would become a boolean before it became a string view.
template <std::same_as<bool> Boolean>
void append_json(std::string& out, Boolean value) {
  out += value ? "true" : "false";
}

}  // namespace jalon
