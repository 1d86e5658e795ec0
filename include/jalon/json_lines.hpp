// A line to a JSON value, and JSON text for a line. The only include of simdjson.
// What the values mean is not known here.
//
// To read JSON is much of what a server pays for a message that few receive. simdjson looks at many
// bytes at once, and needs a fifth of the time of nlohmann/json: docs/performance.md.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <simdjson.h>

#include "any_byte.hpp"

namespace jalon {

/// A JSON value of any kind, as json_reader has read it: a view, cheap to copy.
using json_element = simdjson::dom::element;
/// A JSON object, as json_reader has read it: a view, cheap to copy.
using json_object = simdjson::dom::object;

namespace detail {

// The size of what @p line begins with: a string, what may be a number, or one byte of anything.
inline std::size_t token_size(std::string_view line) {
  if (line.front() == '"') {
    std::size_t end = 1;
    while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
    return std::min(end + 1, line.size());
  }
  const auto number = std::min(line.find_first_not_of("+-.0123456789eE"), line.size());
  return std::max(number, std::size_t{1});
}

inline bool is_beyond_64_bits(std::string_view token) {
  const auto is_beyond = [&](auto number) {
    const auto result = std::from_chars(token.data(), token.data() + token.size(), number);
    return result.ec == std::errc::result_out_of_range;
  };
  if (token.find_first_of(".eE") != token.npos) return false;
  return token.starts_with('-') ? is_beyond(std::int64_t{}) : is_beyond(std::uint64_t{});
}

// @p line with each integer that is beyond 64 bits made a double, by `.0` behind it.
inline std::string with_large_integers_as_doubles(std::string_view line) {
  std::string result;
  while (!line.empty()) {
    const auto token = line.substr(0, token_size(line));
    result += token;
    if (is_beyond_64_bits(token)) result += ".0";
    line.remove_prefix(token.size());
  }
  return result;
}

}  // namespace detail

/// Reads lines as JSON objects. Its memory is 300 KB, and some twenty bytes for each byte of the
/// longest line; it is used again for each line. To be used by one thread at a time.
class json_reader {
 public:
  /// The levels of nesting that are read. No line of `line_codec::default_max_bytes` has more, for
  /// each takes a byte to open and one to close.
  static constexpr std::size_t max_depth = 32'768;

  /// @throws std::bad_alloc if there is no memory
  json_reader() {
    if (parser_.allocate(0, max_depth) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  /// Reads @p line as one JSON object (RFC 8259) in UTF-8; nothing if it is not that, if it is
  /// nested more than `max_depth` deep, or if a number is beyond a double. An integer beyond
  /// 64 bits is read as a double. Never throws on bad input; the time is proportional to the line.
  /// @return a view of what is in this reader: good until it reads again, or goes
  /// @throws std::bad_alloc if there is no memory
  std::optional<json_object> read(std::string_view line) {
    // RFC 8259, 8.1: a byte order mark may be ignored.
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (line.starts_with(mark)) line.remove_prefix(mark.size());
    if (line.empty()) return std::nullopt;  // simdjson would copy from where there may be nothing
    auto object = parse(line);
    // simdjson refuses an integer beyond 64 bits, and with it the line; by which error, depends on
    // its version. Who sent it should hear which field is wrong, and a field that nobody reads may
    // hold what it likes: so such a line is read again.
    if (object.error() != simdjson::SUCCESS) {
      const auto milder = detail::with_large_integers_as_doubles(line);
      if (milder.size() != line.size()) object = parse(milder);
    }
    if (object.error() == simdjson::MEMALLOC) throw std::bad_alloc();
    return object.error() == simdjson::SUCCESS ? std::optional(object.value_unsafe())
                                               : std::nullopt;
  }

 private:
  simdjson::simdjson_result<json_object> parse(std::string_view line) {
    return parser_.parse(line.data(), line.size()).get_object();
  }

  simdjson::dom::parser parser_;
};

/// The field @p name of @p object; of several with that name the last.
inline std::optional<json_element> find_field(json_object object, std::string_view name) {
  std::optional<json_element> found;
  for (const auto field : object) {
    if (field.key == name) found = field.value;
  }
  return found;
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
inline void append_json(std::string& out, bool value) { out += value ? "true" : "false"; }

}  // namespace jalon
