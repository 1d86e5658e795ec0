// Which values a client accepts in what the server says: one rule for each field, by its name. A
// server may have faults or bad intentions, and what it says ends up in the user's prompt, on the
// screen and in the next requests. No message is handled before all its fields obey.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <jalon/message.hpp>

#include "names.hpp"

namespace chat {

namespace detail {

/// The longest name of a transfer, in bytes: it must fit on our own lines.
inline constexpr std::size_t max_transfer = 128;

inline bool is_transfer(std::string_view text) { return text.size() <= max_transfer; }

/// For texts of the server's own: control characters are replaced when they are shown.
inline bool is_short(std::string_view text) { return text.size() <= max_text; }

struct field_rule {
  std::string_view field;
  bool (*allows)(std::string_view text);
};

// In docs/protocol.md, a field has the same meaning in every message that has it.
inline constexpr std::array field_rules{
    field_rule{"nick", is_nick},         field_rule{"old", is_nick},
    field_rule{"from", is_nick},         field_rule{"to", is_nick},
    field_rule{"users", is_nick},        field_rule{"channel", is_name},
    field_rule{"left", is_name},         field_rule{"text", text_rule::allows},
    field_rule{"transfer", is_transfer}, field_rule{"code", is_short},
    field_rule{"message", is_short},     field_rule{"server", is_short},
    field_rule{"features", is_short},    field_rule{"since", is_short},
    field_rule{"address", is_short},
};

// The place of a field's rule in the table; the size of the table if there is none.
constexpr std::size_t place_of_rule(std::string_view field) {
  std::size_t place = 0;
  while (place < field_rules.size() && field_rules[place].field != field) ++place;
  return place;
}

template <jalon::record Record>
bool all_obey(const Record& record);

// The texts in the value of the field number @p Index of @p Record. Numbers, flags and checked
// values were checked when they were read.
template <class Record, std::size_t Index, class Value>
bool obeys(const Value& value) {
  if constexpr (std::is_convertible_v<Value, std::string_view>) {
    constexpr std::size_t place = place_of_rule(std::get<Index>(Record::fields()).name);
    static_assert(place < field_rules.size(), "add the rule of this field to field_rules");
    return field_rules[place].allows(value);
  } else if constexpr (requires { value.has_value(); }) {  // optional
    return !value || obeys<Record, Index>(*value);
  } else if constexpr (requires { value.begin(); }) {  // a list
    return std::all_of(value.begin(), value.end(),
                       [](const auto& element) { return obeys<Record, Index>(element); });
  } else if constexpr (jalon::record<Value>) {
    return all_obey(value);
  } else {
    return true;
  }
}

template <jalon::record Record>
bool all_obey(const Record& record) {
  const auto each = [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    return (obeys<Record, Index>(record.*std::get<Index>(Record::fields()).member) && ...);
  };
  return each(std::make_index_sequence<std::tuple_size_v<decltype(Record::fields())>>());
}

}  // namespace detail

/// Whether all texts in a message from the server, also those in lists and in objects in it, obey
/// the rules of their fields. A field of text that has no rule does not compile.
template <jalon::message Message>
bool obeys_field_rules(const Message& message) {
  return detail::all_obey(message);
}

}  // namespace chat
