// Messages as structs: the fields they have, and the values these may take.
// How a message is written on the wire is not said here; json_message.hpp does that.
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

/// One field: its name on the wire, and the member that holds it.
template <class Message, class Value>
struct field {
  std::string_view name;   ///< on the wire
  Value Message::*member;  ///< in the struct
};
template <class Message, class Value>
field(const char*, Value Message::*) -> field<Message, Value>;

/// A struct that lists its fields, in the order in which they are written and judged. `fields()` is
/// known to the compiler; the names need no escape in JSON.
template <class M>
concept record = requires {
  std::tuple_size<decltype(M::fields())>::value;
};

/// A record that is a message of its own, with a type, which needs no escape in JSON.
template <class M>
concept message = record<M> && std::same_as<decltype(M::type), const std::string_view>;

/// A text that obeys a rule: `Rule::allows(text)`. `Rule::code` names the error that it is not
/// to. There is no other way to make one than from a text that obeys, so whoever is handed one
/// need not look again.
/// @tparam Text what holds it
template <class Rule, class Text = std::string>
class checked_text {
 public:
  using rule = Rule;  ///< what it obeys

  /// Empty: not filled in yet.
  checked_text() = default;

  /// Makes one of @p text; nothing if the rule does not allow it.
  static std::optional<checked_text> from(std::string_view text) {
    if (!Rule::allows(text)) return std::nullopt;
    return checked_text(Text(text));
  }

  /// A view of a temporary would be a view of nothing.
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

/// A view of such a text, for who passes it on and does not keep it: good as long as what it was
/// made from. For a message that is until its reader reads the next one.
template <class Rule>
using checked_view = checked_text<Rule, std::string_view>;

/// A whole number from `Rule::least` to `Rule::most`; `Rule::code` names the error that it is
/// not to be.
template <class Rule>
class checked_number {
 public:
  using rule = Rule;  ///< what it obeys

  /// The least that is allowed.
  checked_number() = default;

  /// Makes one of @p value; nothing if the rule does not allow it.
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
