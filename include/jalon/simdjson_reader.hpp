// Reads JSON with simdjson, which looks at many bytes at once, and is a library to link.
// What it has read goes into the flat list of json_view.hpp; only that is shown.
//
// To read JSON is much of what a server pays for a message that few receive: docs/performance.md.
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

#include "json_text.hpp"
#include "json_view.hpp"

namespace jalon {

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

/// Reads lines as JSON objects. It keeps 5 KB, and at most seventy bytes for each byte of the
/// longest line, and uses them again for each line. To be used by one thread at a time.
class simdjson_reader {
 public:
  /// @throws std::bad_alloc if there is no memory
  simdjson_reader() {
    // One more than is read, so that it is json_nodes that refuses what is too deep, for any
    // reader.
    if (parser_.allocate(0, max_json_depth + 1) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  /// Reads @p line as one JSON object (RFC 8259) in UTF-8; nothing if it is not that, if it is
  /// nested more than `max_json_depth` deep, or if a number is beyond a double. An integer beyond
  /// 64 bits is read as a double. Never throws on bad input; the time is proportional to the line.
  /// @return a view of what is in this reader: good until it reads again, or goes
  /// @throws std::bad_alloc if there is no memory
  std::optional<json_object> read(std::string_view line) {
    const auto text = json_object_text(line);
    if (!text) return std::nullopt;
    auto object = parse(*text);
    // simdjson refuses an integer beyond 64 bits, and with it the line; by which error, depends on
    // its version. Who sent it should hear which field is wrong, and a field that nobody reads may
    // hold what it likes: so such a line is read again.
    if (object.error() != simdjson::SUCCESS) {
      const auto milder = detail::with_large_integers_as_doubles(*text);
      if (milder.size() != text->size()) object = parse(milder);
    }
    if (object.error() == simdjson::MEMALLOC) throw std::bad_alloc();
    if (object.error() != simdjson::SUCCESS) return std::nullopt;
    nodes_.clear();
    return add({}, object.value_unsafe()) ? std::optional(nodes_.root()) : std::nullopt;
  }

 private:
  simdjson::simdjson_result<simdjson::dom::object> parse(std::string_view line) {
    return parser_.parse(line.data(), line.size()).get_object();
  }

  // Each of these goes as deep as the text is nested, which json_nodes bounds.
  // @return false if it is too deep
  bool add(std::string_view name, simdjson::dom::object object) {
    const auto place = nodes_.open_object(name);
    if (!place) return false;
    for (const auto field : object) {
      if (!add(field.key, field.value)) return false;
    }
    nodes_.close(*place);
    return true;
  }

  bool add(std::string_view name, simdjson::dom::array array) {
    const auto place = nodes_.open_array(name);
    if (!place) return false;
    for (const auto value : array) {
      if (!add({}, value)) return false;
    }
    nodes_.close(*place);
    return true;
  }

  bool add(std::string_view name, simdjson::dom::element value) {
    using simdjson::dom::element_type;
    switch (value.type()) {
      case element_type::OBJECT:
        return add(name, value.get_object().value_unsafe());
      case element_type::ARRAY:
        return add(name, value.get_array().value_unsafe());
      case element_type::STRING:
        nodes_.add(name, value.get_string().value_unsafe());
        break;
      case element_type::BOOL:
        nodes_.add(name, value.get_bool().value_unsafe());
        break;
      case element_type::UINT64:
        nodes_.add(name, value.get_uint64().value_unsafe());
        break;
      case element_type::INT64:
        nodes_.add(name, value.get_int64().value_unsafe());
        break;
      case element_type::DOUBLE:
        nodes_.add(name, value.get_double().value_unsafe());
        break;
      case element_type::NULL_VALUE:
        nodes_.add_null(name);
        break;
    }
    return true;
  }

  simdjson::dom::parser parser_;
  json_nodes nodes_;
};

}  // namespace jalon
