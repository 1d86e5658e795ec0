// Typed messages to JSON lines and back: the fields a struct lists are those on the wire.
// No message is known here; each is declared by who speaks it (message.hpp).
#pragma once

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

#include "json_lines.hpp"
#include "message.hpp"

namespace jalon {

/// The `id` by which a request and its answer are matched: none, a string or an integer.
using message_id = std::variant<std::monostate, std::string, std::int64_t, std::uint64_t>;

/// The longest `id`, in bytes.
inline constexpr std::size_t max_id_bytes = 64;

/// Why a message could not be read.
struct read_failure {
  std::string_view field;  ///< which field
  std::string_view code;   ///< its rule's code; empty: it is missing or of the wrong kind
};

/// How values of type @p V are read and written. Each has
/// - `is(json)`: whether the JSON type is the right one,
/// - `read(json, into)`: reads what `is`; false if the value is not allowed,
/// - `write(value, out)`: appends JSON text,
/// - `code`: the error of a value that is not allowed.
template <class V>
struct json_value;

namespace detail {

template <class V>
inline constexpr bool is_optional = false;
template <class V>
inline constexpr bool is_optional<std::optional<V>> = true;

// Most messages of a chat fit, and are written without growing.
inline constexpr std::size_t usual_line = 256;  // bytes

using found_field = std::optional<json_element>;

// Calls @p visit with each field of a record, until it returns false. @return whether none did
template <record M, class Visit>
bool all_fields(Visit visit) {
  return std::apply([&](const auto&... one) { return (visit(one) && ...); }, M::fields());
}

// What an object has of a record's fields, looked for once.
template <record M>
class found_fields {
 public:
  explicit found_fields(json_object object) : values_(find_fields(object, names())) {}

  // Calls @p visit with each field and what there is of it, until it returns false.
  // @return whether none did
  template <class Visit>
  bool all(Visit visit) const {
    const found_field* next = values_.data();
    return all_fields<M>([&](const auto& one) { return visit(one, *next++); });
  }

 private:
  static constexpr auto names() {
    return std::apply(
        [](const auto&... one) {
          return std::array<std::string_view, sizeof...(one)>{one.name...};
        },
        M::fields());
  }

  std::array<found_field, std::tuple_size_v<decltype(M::fields())>> values_;
};

template <class M, class V>
bool has_right_kind(const field<M, V>& /*one*/, const found_field& value) {
  return value ? json_value<V>::is(*value) : is_optional<V>;
}

template <class M, class V>
bool read_field(const field<M, V>& one, const found_field& value, M& into) {
  return !value || json_value<V>::read(*value, into.*one.member);
}

template <record M>
void append_fields(const M& from, std::string& out) {
  all_fields<M>([&](const auto& one) {
    const auto& value = from.*one.member;
    using value_type = std::remove_cvref_t<decltype(value)>;
    if constexpr (is_optional<value_type>) {
      if (!value) return true;
    }
    if (out.back() != '{') out += ',';
    out += '"';
    out += one.name;
    out += {'"', ':'};
    json_value<value_type>::write(value, out);
    return true;
  });
}

}  // namespace detail

/// Reads the fields of @p into from @p object: first all their kinds are looked at, then their
/// values, both in the order in which they are listed. Fields that are not listed are ignored.
/// @return what is wrong with the first that is; nothing if all is well
template <record M>
std::optional<read_failure> read_message(json_object object, M& into) {
  std::optional<read_failure> failure;
  const auto check = [&](const auto& one, bool good, std::string_view code) {
    if (!good) failure = read_failure{one.name, code};
    return good;
  };
  const detail::found_fields<M> found(object);
  found.all([&](const auto& one, const auto& value) {
    return check(one, detail::has_right_kind(one, value), {});
  });
  if (failure) return failure;
  found.all([&](const auto& one, const auto& value) {
    using value_type = std::remove_cvref_t<decltype(into.*one.member)>;
    return check(one, detail::read_field(one, value, into), json_value<value_type>::code);
  });
  return failure;
}

/// The id of @p object, `monostate` if it has none; nothing if it is of another kind or too long.
inline std::optional<message_id> read_id(json_object object) {
  const auto value = find_field(object, "id");
  if (!value) return message_id{};
  if (value->is_uint64()) return message_id{std::uint64_t(*value)};
  if (value->is_int64()) return message_id{std::int64_t(*value)};
  if (!value->is_string()) return std::nullopt;
  const std::string_view text(*value);
  if (text.size() > max_id_bytes) return std::nullopt;
  return message_id{std::string(text)};
}

/// The type of @p object; nothing if it has none that is a string. Good as long as the object.
inline std::optional<std::string_view> read_type(json_object object) {
  const auto value = find_field(object, "type");
  if (!value || !value->is_string()) return std::nullopt;
  return std::string_view(*value);
}

/// Writes @p from as one line of JSON, without its LF: type, id if there is one, fields.
template <message M>
std::string write_message(const M& from, const message_id& id = {}) {
  std::string line;
  line.reserve(detail::usual_line);
  line += R"({"type":)";
  append_json(line, M::type);
  std::visit(
      [&](const auto& value) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          line += R"(,"id":)";
          append_json(line, value);
        }
      },
      id);
  detail::append_fields(from, line);
  line += '}';
  return line;
}

/// Any text.
template <>
struct json_value<std::string> {
  static constexpr std::string_view code = {};
  static bool is(json_element value) { return value.is_string(); }
  static bool read(json_element value, std::string& into) {
    into = std::string_view(value);
    return true;
  }
  static void write(std::string_view value, std::string& out) { append_json(out, value); }
};

/// True or false.
template <>
struct json_value<bool> {
  static constexpr std::string_view code = {};
  static bool is(json_element value) { return value.is_bool(); }
  static bool read(json_element value, bool& into) {
    into = bool(value);
    return true;
  }
  static void write(bool value, std::string& out) { append_json(out, value); }
};

/// Any whole number that is not negative.
template <>
struct json_value<std::uint64_t> {
  static constexpr std::string_view code = "bad_request";
  static bool is(json_element value) { return value.is_number(); }
  static bool read(json_element value, std::uint64_t& into) {
    return value.get(into) == simdjson::SUCCESS;
  }
  static void write(std::uint64_t value, std::string& out) { append_json(out, value); }
};

/// A text that obeys a rule.
template <class Rule>
struct json_value<checked_text<Rule>> {
  static constexpr std::string_view code = Rule::code;
  static bool is(json_element value) { return value.is_string(); }
  static bool read(json_element value, checked_text<Rule>& into) {
    auto checked = checked_text<Rule>::from(std::string_view(value));
    if (!checked) return false;
    into = *std::move(checked);
    return true;
  }
  static void write(const checked_text<Rule>& value, std::string& out) {
    append_json(out, value.str());
  }
};

/// A number that obeys a rule.
template <class Rule>
struct json_value<checked_number<Rule>> {
  static constexpr std::string_view code = Rule::code;
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

/// A field that may be left out; null is not leaving it out.
template <class V>
struct json_value<std::optional<V>> {
  static constexpr std::string_view code = json_value<V>::code;
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
  static bool is(json_element value) {
    if (!value.is_array()) return false;
    for (const auto one : value.get_array()) {
      if (!json_value<V>::is(one)) return false;
    }
    return true;
  }
  static bool read(json_element value, std::vector<V>& into) {
    for (const auto one : value.get_array()) {
      if (!json_value<V>::read(one, into.emplace_back())) return false;
    }
    return true;
  }
  static void write(const std::vector<V>& value, std::string& out) {
    out += '[';
    for (const V& one : value) {
      if (out.back() != '[') out += ',';
      json_value<V>::write(one, out);
    }
    out += ']';
  }
};

/// An object in an object.
template <record M>
struct json_value<M> {
  static constexpr std::string_view code = "bad_request";
  static bool is(json_element value) {
    if (!value.is_object()) return false;
    return detail::found_fields<M>(json_object(value)).all([](const auto& one, const auto& found) {
      return detail::has_right_kind(one, found);
    });
  }
  static bool read(json_element value, M& into) {
    return detail::found_fields<M>(json_object(value)).all([&](const auto& one, const auto& found) {
      return detail::read_field(one, found, into);
    });
  }
  static void write(const M& value, std::string& out) {
    out += '{';
    detail::append_fields(value, out);
    out += '}';
  }
};

}  // namespace jalon
