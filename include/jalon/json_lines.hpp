// Parses a line into a JSON value of nlohmann/json, and writes one as a line: for small programs.
// A program that declares its messages as structs uses json_message.hpp, which is faster and checks
// every field.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "json_text.hpp"

namespace jalon {

namespace detail {

// The deepest nesting of brackets in @p text, outside its strings.
inline std::size_t json_depth(std::string_view text) {
  std::size_t open = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') ++at;  // skips the escaped character
    if (in_string) continue;
    if (c == '{' || c == '[') deepest = std::max(deepest, ++open);
    if ((c == '}' || c == ']') && open > 0) --open;
  }
  return deepest;
}

}  // namespace detail

/// Parses @p line as one JSON object (RFC 8259) in UTF-8. Never throws on bad input. A field may
/// have any type: `value["n"].get<int>()` throws if `n` is not a number, so check with
/// `is_number()` and similar functions first. Any thread may call it.
/// @return `std::nullopt` if @p line is not a JSON object, is nested more than `max_json_depth`
/// deep, or contains a number that is too large for a double
/// @throws std::bad_alloc if there is no memory
inline std::optional<nlohmann::json> parse_json_line(std::string_view line) {
  const auto text = json_object_text(line);
  // nlohmann/json takes a NUL byte for the end of the text, whatever follows.
  if (!text || text->find('\0') != text->npos) return std::nullopt;
  if (detail::json_depth(*text) > max_json_depth) return std::nullopt;
  auto value = nlohmann::json::parse(text->begin(), text->end(), nullptr, false);
  return value.is_discarded() ? std::nullopt : std::optional(std::move(value));
}

/// Writes @p value as JSON on one line, without an LF at the end: line ends in strings are escaped.
/// Bytes that are not valid UTF-8 become U+FFFD, so any value can be written. Recursive: the stack
/// must be large enough for the depth of @p value, as it is for what `parse_json_line` returns. Any
/// thread may call it.
/// @throws std::bad_alloc if there is no memory
inline std::string write_json_line(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace jalon
