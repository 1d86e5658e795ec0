// A line to a JSON value of nlohmann/json, and back: two calls for a program of few files.
// No message is known here. Programs that list the fields of their messages read faster, and with
// all checks, by json_message.hpp.
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

// The most brackets that are open at once in @p text, outside its strings.
inline std::size_t json_depth(std::string_view text) {
  std::size_t open = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') ++at;  // whatever it escapes
    if (in_string) continue;
    if (c == '{' || c == '[') deepest = std::max(deepest, ++open);
    if ((c == '}' || c == ']') && open > 0) --open;
  }
  return deepest;
}

}  // namespace detail

/// Reads @p line as one JSON object (RFC 8259) in UTF-8; nothing if it is not that, if it is nested
/// more than `max_json_depth` deep, or if a number is beyond a double. Never throws on bad input.
/// What is in the object may be of any kind: `value["n"].get<int>()` throws if `n` is no number, so
/// ask before, by `is_number()` and its like.
/// @throws std::bad_alloc if there is no memory
inline std::optional<nlohmann::json> parse_json_line(std::string_view line) {
  const auto text = json_object_text(line);
  // nlohmann/json takes a zero byte for the end of the text, whatever follows.
  if (!text || text->find('\0') != text->npos) return std::nullopt;
  if (detail::json_depth(*text) > max_json_depth) return std::nullopt;
  auto value = nlohmann::json::parse(text->begin(), text->end(), nullptr, false);
  return value.is_discarded() ? std::nullopt : std::optional(std::move(value));
}

/// Writes @p value as JSON on one line, without an LF: line ends in texts are escaped. What is no
/// UTF-8 becomes U+FFFD, so whatever was parsed, or put into it, can be written. Recursive: the
/// stack must have room for @p value, as it has for what `parse_json_line` returns.
/// @throws std::bad_alloc if there is no memory
inline std::string write_json_line(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace jalon
