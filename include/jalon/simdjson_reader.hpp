// Reads JSON with simdjson, a library to link, which processes many bytes at once.
// The values go into the flat list of json_view.hpp; simdjson's own types stay private.
//
// Reading JSON is a large part of the cost of a message that few receive: docs/performance.md.
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

// The size of the first token of @p line: a string, a possible number, or any other single byte.
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

// @p line with `.0` appended to each integer of more than 64 bits, which makes it a double.
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

/// Reads lines as JSON objects. It keeps 5 KB of memory and at most 70 bytes for each byte of the
/// longest line, and reuses them for each line. For one thread at a time.
class simdjson_reader {
 public:
  /// @throws std::bad_alloc if there is no memory
  simdjson_reader() {
    // One level more than the limit, so that json_nodes rejects what is too deep, as for the other
    // reader.
    if (parser_.allocate(0, max_json_depth + 1) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  /// Reads @p line as one JSON object (RFC 8259) in UTF-8. An integer of more than 64 bits is read
  /// as a double. Never throws on bad input. Takes time proportional to the length of the line.
  /// @return a view of this reader's memory, valid until it reads again or is destroyed;
  /// `std::nullopt` if @p line is not a JSON object, is nested more than `max_json_depth` deep, or
  /// contains a number that is too large for a double
  /// @throws std::bad_alloc if there is no memory
  std::optional<json_object> read(std::string_view line) {
    const auto text = json_object_text(line);
    if (!text) return std::nullopt;
    auto object = parse(*text);
    // simdjson rejects a line with an integer of more than 64 bits; the error depends on its
    // version. The sender should learn which field is wrong, and a field that nobody reads may have
    // any value, so such a line is read again with doubles.
    if (object.error() != simdjson::SUCCESS) {
      const auto with_doubles = detail::with_large_integers_as_doubles(*text);
      if (with_doubles.size() != text->size()) object = parse(with_doubles);
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

  // These functions are recursive; json_nodes limits their depth to `max_json_depth`.
  // @return false if the text is nested too deep
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
