// How a program speaks, from data: requests to bytes, and bytes to messages.
// No socket and no verdict here; what the answers are worded like is not known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "text.hpp"

namespace tools {

/// One message found in a stream of bytes.
struct found_message {
  std::size_t begin = 0;  ///< where it begins
  std::size_t end = 0;    ///< behind its last byte
  std::string summary;    ///< what it says, in a few words
  bool whole = true;      ///< false: the rest has not come
};

/// A way to speak. A dialect file is a JSON object; docs/checker.md describes its fields.
class dialect {
 public:
  /// A dialect that is built in, or else the file of that name; what it `extends` is read first.
  /// @throws std::runtime_error that says what is wrong with it
  static dialect load(const std::string& name_or_file);

  /// The dialect that @p description is, on top of what it `extends`.
  static dialect from(const nlohmann::json& description);

  /// Its name.
  std::string name() const { return description_.value("name", "without a name"); }

  /// Whether it has a request of this kind: "nick", "echo", "msg", ...
  bool knows(std::string_view request) const;

  /// The bytes of a request. @throws std::out_of_range if it has none of this kind
  std::string encode(std::string_view request, const arguments& values) const;

  /// The bytes of something a right client never sends; nothing if this way to speak has no such
  /// thing: "unknown_type", "too_long", "negative_length", ...
  std::optional<std::string> attack(std::string_view name, const arguments& values) const;

  /// The bytes of a message that is described as the requests are.
  std::string encode_form(const nlohmann::json& form, const arguments& values) const;

  /// The fields of a message with a header, by their names: texts up to their zero, the name of
  /// its type, and its content as `payload`.
  arguments fields_of(std::string_view message) const;

  /// The word that the refusal of this kind contains; empty if any answer will do.
  std::string refusal(std::string_view kind) const;

  /// Whether a yes-or-no property is set: "greets", "last_line", "ends_in_order".
  bool is(std::string_view property) const;

  /// The port that is burnt in; nothing if it is told.
  std::optional<std::uint16_t> port() const;

  /// The course's milestone in which @p group comes, "channels" or "files"; nothing if it comes
  /// where the project has it.
  std::optional<int> milestone_of(std::string_view group) const;

  /// The bytes of a message before its content: where a cut hurts most.
  std::size_t header_bytes() const;

  /// The messages in a stream, in order, from its beginning.
  std::vector<found_message> split(std::string_view bytes) const;

  /// What the file says, with all it extends.
  const nlohmann::json& description() const { return description_; }

 private:
  std::string encode_text(const nlohmann::json& form, const arguments& values) const;
  std::string encode_header(const nlohmann::json& form, const arguments& values) const;
  std::optional<found_message> next(std::string_view bytes, std::size_t at) const;
  found_message next_with_header(std::string_view bytes, std::size_t at) const;
  std::string summary_of(std::string_view message) const;
  const nlohmann::json& framing() const { return description_.at("framing"); }
  std::int64_t type_number(const nlohmann::json& type) const;
  std::string type_name(std::int64_t number) const;

  nlohmann::json description_;
};

}  // namespace tools
