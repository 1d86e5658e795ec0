// Writes message structs as JSON lines, and reads them: the fields that a struct lists
// (message.hpp) are the fields of the JSON object.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "json_text.hpp"
#include "json_view.hpp"
#include "message.hpp"

namespace jalon {

/// The `id` that matches an answer to its request: none, a string or an integer. A string is a
/// view, valid until its reader reads again.
using message_id = std::variant<std::monostate, std::string_view, std::int64_t, std::uint64_t>;

/// The longest `id` that is a string, in bytes.
inline constexpr std::size_t max_id_bytes = 64;

/// Why a message could not be read.
struct read_failure {
  std::string_view field;   ///< the name of the field at fault
  std::string_view code;    ///< its rule's code; empty if it is missing or of the wrong type
  std::string_view reason;  ///< what its rule asks for, for a person; empty likewise
};

/// How values of type @p V are read and written. Each specialisation has
/// - `is(json)`: whether the JSON value has the right type,
/// - `read(json, into)`: reads a value of the right type; false if the value is not allowed,
/// - `write(value, out)`: appends the value as JSON,
/// - `code`: the error code of a value that is not allowed.
template <class V>
struct json_value;

namespace detail {

template <class V>
inline constexpr bool is_optional = false;
template <class V>
inline constexpr bool is_optional<std::optional<V>> = true;

using found_field = std::optional<json_element>;

// Like `==`, but if the compiler knows @p name, it compares without calling memcmp(3).
inline bool is_named(std::string_view key, std::string_view name) {
  return key.size() == name.size() &&
         std::char_traits<char>::compare(key.data(), name.data(), name.size()) == 0;
}

// The values in an object for the fields of a record, found in one pass over the object.
template <record M>
class found_fields {
 public:
  explicit found_fields(json_object object) {
    for (const auto member : object) {
      found_field* value = values_.data();
      const auto store_if_named = [&](const auto& field) {
        if (is_named(member.name, field.name)) *value = member.value;
        ++value;
      };
      std::apply([&](const auto&... field) { (store_if_named(field), ...); }, M::fields());
    }
  }

  // Calls @p visit with each field and its value, if there is one, until it returns false.
  // @return whether every call returned true
  template <class Visit>
  bool all(Visit visit) const {
    const found_field* next = values_.data();
    return std::apply([&](const auto&... field) { return (visit(field, *next++) && ...); },
                      M::fields());
  }

 private:
  std::array<found_field, std::tuple_size_v<decltype(M::fields())>> values_;
};

inline std::optional<message_id> read_id(const found_field& value) {
  if (!value) return std::optional<message_id>(std::in_place);  // none
  if (const auto number = value->unsigned_integer()) return message_id{*number};
  if (const auto number = value->negative_integer()) return message_id{*number};
  const auto text = value->string();
  if (!text || text->size() > max_id_bytes) return std::nullopt;
  return message_id{*text};
}

inline std::optional<std::string_view> read_type(const found_field& value) {
  return value ? value->string() : std::nullopt;
}

template <class M, class V>
bool has_right_type(const field<M, V>& /*field*/, const found_field& value) {
  return value ? json_value<V>::is(*value) : is_optional<V>;
}

template <class M, class V>
bool read_field(const field<M, V>& field, const found_field& value, M& into) {
  return !value || json_value<V>::read(*value, into.*field.member);
}

// Constants concatenated at compile time: appending one text is cheaper than appending three.
template <const std::string_view&... Parts>
class concatenated {
  static constexpr auto bytes = [] {
    std::array<char, (Parts.size() + ...)> all{};
    auto end = all.begin();
    ((end = std::copy(Parts.begin(), Parts.end(), end)), ...);
    return all;
  }();

 public:
  static constexpr std::string_view text{bytes.data(), bytes.size()};
};

inline constexpr std::string_view comma_quote = ",\"", quote_colon = "\":", quote = "\"",
                                  type_key = R"({"type":")";

template <record M, std::size_t Index>
void append_field(const M& from, std::string& out) {
  static constexpr std::string_view name = std::get<Index>(M::fields()).name;
  const auto& value = from.*std::get<Index>(M::fields()).member;
  using value_type = std::remove_cvref_t<decltype(value)>;
  if constexpr (is_optional<value_type>) {
    if (!value) return;
  }
  std::string_view key = concatenated<comma_quote, name, quote_colon>::text;
  if (out.back() == '{') key.remove_prefix(1);  // no comma before the first field of an object
  out += key;
  json_value<value_type>::write(value, out);
}

template <record M>
void append_fields(const M& from, std::string& out) {
  const auto append = [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    (append_field<M, Index>(from, out), ...);
  };
  append(std::make_index_sequence<std::tuple_size_v<decltype(M::fields())>>());
}

inline void append_id(const message_id& id, std::string& out) {
  std::visit(
      [&](const auto& value) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          out += R"(,"id":)";
          append_json(out, value);
        }
      },
      id);
}

}  // namespace detail

/// Reads the fields of @p into from @p object. It checks the types of all fields first, then their
/// values, both in the order in which `M::fields()` lists them. Other fields of the object are
/// ignored. A field that is a view is valid until the reader of @p object reads again.
/// @return the first fault that was found; `std::nullopt` if there is none
template <record M>
std::optional<read_failure> read_message(json_object object, M& into) {
  std::optional<read_failure> failure;
  const auto report = [&](const auto& field, bool good, std::string_view code,
                          std::string_view reason) {
    if (!good) failure = read_failure{field.name, code, reason};
    return good;
  };
  const detail::found_fields<M> found(object);
  found.all([&](const auto& field, const auto& value) {
    return report(field, detail::has_right_type(field, value), {}, {});
  });
  if (failure) return failure;
  found.all([&](const auto& field, const auto& value) {
    using value_type = std::remove_cvref_t<decltype(into.*field.member)>;
    return report(field, detail::read_field(field, value, into), json_value<value_type>::code,
                  json_value<value_type>::reason);
  });
  return failure;
}

/// The id and the type of a message. Valid until its reader reads again.
struct message_head {
  /// `monostate` if the message has no id; `std::nullopt` if its id has a wrong type or is too
  /// long.
  std::optional<message_id> id;
  /// `std::nullopt` if the message has no type, or one that is not a string.
  std::optional<std::string_view> type;
};

/// Reads the id and the type of @p object, in one pass.
inline message_head read_head(json_object object) {
  detail::found_field id, type;
  for (const auto field : object) {
    if (detail::is_named(field.name, "id")) id = field.value;
    if (detail::is_named(field.name, "type")) type = field.value;
  }
  return {detail::read_id(id), detail::read_type(type)};
}

/// Appends @p from to @p out as JSON on one line, without an LF: the type, the id if there is one,
/// and the fields.
template <message M>
void append_message(std::string& out, const M& from, const message_id& id = {}) {
  out += detail::concatenated<detail::type_key, M::type, detail::quote>::text;
  detail::append_id(id, out);
  detail::append_fields(from, out);
  out += '}';
}

/// A function that appends the message to a string. Use it only as the argument of `actions::send`,
/// which calls it at once: it keeps a reference to @p from. So a message is written directly into
/// the text of all frames, without a string of its own.
template <message M>
auto as_line(const M& from, const message_id& id = {}) {
  return [&from, id](std::string& out) { append_message(out, from, id); };
}

/// Writes @p from as JSON on one line, without an LF. @return the line, as a string of its own
template <message M>
std::string write_message(const M& from, const message_id& id = {}) {
  std::string line;
  append_message(line, from, id);
  return line;
}

/// Any text.
template <>
struct json_value<std::string> {
  static constexpr std::string_view code = {};
  static constexpr std::string_view reason = {};
  static bool is(json_element value) { return value.is_string(); }
  static bool read(json_element value, auto& into) {
    into = *value.string();
    return true;
  }
  static void write(std::string_view value, std::string& out) { append_json(out, value); }
};

/// Any text, as a view that is valid until its reader reads again.
template <>
struct json_value<std::string_view> : json_value<std::string> {};

/// True or false.
template <>
struct json_value<bool> {
  static constexpr std::string_view code = {};
  static constexpr std::string_view reason = {};
  static bool is(json_element value) { return value.is_boolean(); }
  static bool read(json_element value, bool& into) {
    into = *value.boolean();
    return true;
  }
  static void write(bool value, std::string& out) { append_json(out, value); }
};

/// Any integer that is not negative.
template <>
struct json_value<std::uint64_t> {
  static constexpr std::string_view code = "bad_request";
  static constexpr std::string_view reason = "a number is too large, or negative";
  static bool is(json_element value) { return value.is_number(); }
  static bool read(json_element value, std::uint64_t& into) {
    const auto number = value.unsigned_integer();
    if (number) into = *number;
    return number.has_value();
  }
  static void write(std::uint64_t value, std::string& out) { append_json(out, value); }
};

/// A text that a rule allows.
template <class Rule, class Text>
struct json_value<checked_text<Rule, Text>> {
  static constexpr std::string_view code = Rule::code;
  static constexpr std::string_view reason = Rule::reason;
  static bool is(json_element value) { return value.is_string(); }
  static bool read(json_element value, checked_text<Rule, Text>& into) {
    auto checked = checked_text<Rule, Text>::from(*value.string());
    if (!checked) return false;
    into = *std::move(checked);
    return true;
  }
  static void write(const checked_text<Rule, Text>& value, std::string& out) {
    append_json(out, value.value());
  }
};

/// A number that a rule allows.
template <class Rule>
struct json_value<checked_number<Rule>> {
  static constexpr std::string_view code = Rule::code;
  static constexpr std::string_view reason = Rule::reason;
  static bool is(json_element value) { return value.is_number(); }
  static bool read(json_element value, checked_number<Rule>& into) {
    std::uint64_t number = 0;
    if (!json_value<std::uint64_t>::read(value, number)) return false;
    const auto checked = checked_number<Rule>::from(number);
    if (checked) into = *checked;
    return checked.has_value();
  }
  static void write(const checked_number<Rule>& value, std::string& out) {
    append_json(out, value.value());
  }
};

/// A field that may be missing. `null` does not count as missing.
template <class V>
struct json_value<std::optional<V>> {
  static constexpr std::string_view code = json_value<V>::code;
  static constexpr std::string_view reason = json_value<V>::reason;
  static bool is(json_element value) { return json_value<V>::is(value); }
  static bool read(json_element value, std::optional<V>& into) {
    return json_value<V>::read(value, into.emplace());
  }
  static void write(const std::optional<V>& value, std::string& out) {
    json_value<V>::write(*value, out);
  }
};

/// A list.
template <class V>
struct json_value<std::vector<V>> {
  static constexpr std::string_view code = json_value<V>::code;
  static constexpr std::string_view reason = json_value<V>::reason;
  static bool is(json_element value) {
    if (!value.is_array()) return false;
    for (const auto element : value.array()) {
      if (!json_value<V>::is(element)) return false;
    }
    return true;
  }
  static bool read(json_element value, std::vector<V>& into) {
    for (const auto element : value.array()) {
      if (!json_value<V>::read(element, into.emplace_back())) return false;
    }
    return true;
  }
  static void write(const std::vector<V>& value, std::string& out) {
    out += '[';
    for (const V& element : value) {
      if (out.back() != '[') out += ',';
      json_value<V>::write(element, out);
    }
    out += ']';
  }
};

/// An object in an object.
template <record M>
struct json_value<M> {
  static constexpr std::string_view code = "bad_request";
  static constexpr std::string_view reason = "an object has a field that is missing or wrong";
  static bool is(json_element value) {
    if (!value.is_object()) return false;
    return detail::found_fields<M>(value.object()).all([](const auto& field, const auto& found) {
      return detail::has_right_type(field, found);
    });
  }
  static bool read(json_element value, M& into) {
    return detail::found_fields<M>(value.object()).all([&](const auto& field, const auto& found) {
      return detail::read_field(field, found, into);
    });
  }
  static void write(const M& value, std::string& out) {
    out += '{';
    detail::append_fields(value, out);
    out += '}';
  }
};

}  // namespace jalon
