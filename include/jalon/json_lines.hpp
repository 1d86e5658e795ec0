// A line to a JSON value, and JSON text for a line. The only include of nlohmann/json.
// What the values mean is not known here.
//
// What came from outside is parsed without exceptions, read, and never copied or dumped: a value
// nested ten thousand deep parses well, and would overflow the stack there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace jalon {

/// Parses @p line as one JSON object (RFC 8259) in UTF-8; nothing if it is not that. Never
/// throws; the time is proportional to the line.
inline std::optional<nlohmann::json> parse_json_object(std::string_view line) {
  std::optional<nlohmann::json> object;
  // The parser takes a zero byte for the end, and would not see what stands behind it.
  if (line.find('\0') != line.npos) return object;
  auto value = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (value.is_object()) object.emplace(std::move(value));
  return object;
}

/// The field @p name of @p object, or null.
inline const nlohmann::json* find_field(const nlohmann::json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

namespace detail {

constexpr bool needs_escape(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return c == '"' || c == '\\' || byte < 0x20 || byte == 0x7F;
}

inline void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\')
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
  out += '"';
  std::size_t begin = 0;  // of what can go out as it is, in one piece: nearly always all of it
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!detail::needs_escape(text[i])) continue;
    out.append(text, begin, i - begin);
    detail::append_escaped(out, text[i]);
    begin = i + 1;
  }
  out.append(text, begin).push_back('"');
}

/// Appends a number to @p out.
inline void append_json(std::string& out, std::uint64_t number) { out += std::to_string(number); }
/// Appends a number to @p out.
inline void append_json(std::string& out, std::int64_t number) { out += std::to_string(number); }
/// Appends `true` or `false` to @p out.
inline void append_json(std::string& out, bool value) { out += value ? "true" : "false"; }

}  // namespace jalon
