// Dialects: how a program encodes its requests and frames its messages, read from a JSON file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "text.hpp"

namespace tools {

/// One message found in a stream of bytes.
struct found_message {
  std::size_t begin = 0;  ///< the offset of its first byte
  std::size_t end = 0;    ///< the offset after its last byte
  std::string summary;    ///< its content, shortened for display
  bool complete = true;   ///< false: the rest has not arrived yet
};

/// The encoding and framing of one protocol. docs/checker.md describes the fields of its JSON file.
class dialect {
 public:
  /// Loads the built-in dialect of that name, or else the file of that name, on top of the dialect
  /// that it `extends`.
  /// @throws std::runtime_error that says what is wrong with it
  static dialect load(const std::string& name_or_file);

  /// The dialect that @p description describes, on top of the dialect that it `extends`. Files,
  /// chains of `extends`, texts and sizes are bounded, for a dialect may come from anybody.
  /// @param identity the file that it was read from, so that it cannot extend itself
  /// @throws std::runtime_error that says what is wrong with it
  static dialect from(const nlohmann::json& description, const std::string& identity = {});

  /// Its name.
  std::string name() const { return description_->value("name", "without a name"); }

  /// Whether it has a request of this kind: "nick", "echo", "msg", ...
  bool knows(std::string_view request) const;

  /// Encodes a request. @throws std::out_of_range if the dialect has none of this kind
  std::string encode(std::string_view request, const arguments& values) const;

  /// Encodes a malformed or hostile message: "unknown_type", "too_long", "negative_length", ...
  /// @return nothing if the dialect does not define it
  std::optional<std::string> attack(std::string_view name, const arguments& values) const;

  /// Encodes a message from a form, which has the same format as the forms of the requests.
  std::string encode_form(const nlohmann::json& form, const arguments& values) const;

  /// Decodes a message with a binary header: its text fields by name (each up to its first zero
  /// byte), the name of its type as `type`, and its content as `payload`.
  arguments fields_of(std::string_view message) const;

  /// The text that a refusal of this kind contains; empty if any answer is accepted.
  std::string refusal(std::string_view kind) const;

  /// The value of a boolean property: "greets", "last_line", "ends_in_order". Missing means false.
  bool has_flag(std::string_view property) const;

  /// What a client sends before its first request; mostly nothing.
  std::string opening() const { return description_->value("opening", ""); }

  /// The largest length that the protocol allows for a name; nothing if it names none.
  std::optional<std::size_t> longest_name() const;

  /// The port that is compiled into the program; nothing if the program takes it as an argument.
  std::optional<std::uint16_t> port() const;

  /// The milestone in which the course introduces @p group, "channels" or "files"; nothing if it is
  /// the same as in this project.
  std::optional<int> milestone_of(std::string_view group) const;

  /// The size of the header before a message's content; 0 if there is no header.
  std::size_t header_bytes() const;

  /// Splits a stream into its messages, in order. @p bytes starts at the beginning of a message.
  std::vector<found_message> split(std::string_view bytes) const;

  /// The JSON description, merged with everything that it extends.
  const nlohmann::json& description() const { return *description_; }

 private:
  std::string encode_text(const nlohmann::json& form, const arguments& values) const;
  std::string encode_header(const nlohmann::json& form, const arguments& values) const;
  std::optional<found_message> next(std::string_view bytes, std::size_t at) const;
  found_message next_with_header(std::string_view bytes, std::size_t at) const;
  std::string summary_of(std::string_view message) const;
  const nlohmann::json& framing() const { return description_->at("framing"); }
  std::int64_t type_number(const nlohmann::json& type) const;
  std::string type_name(std::int64_t number) const;

  std::shared_ptr<const nlohmann::json> description_;  // its copies share it
};

}  // namespace tools
