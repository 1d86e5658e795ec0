// Messages as structs: their fields, and the values that the fields may have. json_message.hpp
// writes and reads them as JSON.
//
//     struct private_message {
//       static constexpr std::string_view type = "msg";
//       nickname to;
//       message_text text;
//       static constexpr auto fields() {
//         return std::tuple{jalon::field{"to", &private_message::to},
//                           jalon::field{"text", &private_message::text}};
//       }
//     };
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace jalon {

/// A field of a message: its name on the wire, and the member of the struct that holds its value.
template <class Message, class Value>
struct field {
  std::string_view name;   ///< on the wire
  Value Message::*member;  ///< in the struct
};
/// Deduces both from the member.
template <class Message, class Value>
field(const char*, Value Message::*) -> field<Message, Value>;

/// A struct that lists its fields, in the order in which they are written and checked. `fields()`
/// must be constexpr, and the names must need no escapes in JSON.
template <class M>
concept record = requires {
  std::tuple_size<decltype(M::fields())>::value;
};

/// A record with a type, which can be sent as a message. The type must need no escapes in JSON.
template <class M>
concept message = record<M> && std::same_as<decltype(M::type), const std::string_view>;

/// A text for which `Rule::allows(text)` is true. `Rule::code` is the error code of any other text,
/// and `Rule::reason` explains to a person what is allowed. It can only be made from a text that
/// the rule allows, so its receiver need not check it again.
/// @tparam Text the type that stores it
template <class Rule, class Text = std::string>
class checked_text {
 public:
  using rule = Rule;  ///< the rule of the text

  /// Empty: the value is not set yet.
  checked_text() = default;

  /// Makes a checked text from @p text; `std::nullopt` if the rule does not allow it.
  static std::optional<checked_text> from(std::string_view text) {
    if (!Rule::allows(text)) return std::nullopt;
    return checked_text(Text(text));
  }

  /// Not from a temporary string: the view would dangle.
  template <std::same_as<std::string> Temporary>
  requires std::same_as<Text, std::string_view>
  static std::optional<checked_text> from(Temporary&&) = delete;

  /// The text.
  const Text& value() const noexcept { return text_; }

  /// Compares the texts, byte by byte.
  friend std::strong_ordering operator<=>(const checked_text&, const checked_text&) = default;

 private:
  explicit checked_text(Text text) : text_(std::move(text)) {}

  Text text_;
};

/// A view of a checked text, for a text that is passed on but not stored. Valid as long as the text
/// it was made from: for a field of a message, until its reader reads the next message.
template <class Rule>
using checked_view = checked_text<Rule, std::string_view>;

/// An integer from `Rule::least` to `Rule::most`. `Rule::code` is the error code of any other
/// number, and `Rule::reason` explains to a person what is allowed.
template <class Rule>
class checked_number {
 public:
  using rule = Rule;  ///< the rule of the number

  /// The smallest number that the rule allows.
  checked_number() = default;

  /// Makes a checked number from @p value; `std::nullopt` if the rule does not allow it.
  static constexpr std::optional<checked_number> from(std::uint64_t value) {
    if (value < Rule::least || value > Rule::most) return std::nullopt;
    checked_number made;
    made.value_ = value;
    return made;
  }

  /// The number.
  constexpr std::uint64_t value() const noexcept { return value_; }

  /// Compares the numbers.
  friend auto operator<=>(const checked_number&, const checked_number&) = default;

 private:
  std::uint64_t value_ = Rule::least;
};

}  // namespace jalon
