// The server's side of a dialect: decodes requests and encodes answers, from the dialect's data.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect.hpp"

namespace tools {

/// A request that a client has sent.
struct request {
  std::string name;       ///< its kind: "msg"
  arguments values = {};  ///< its fields, by the names that the dialect uses: "nick", "text"
};

/// What a server, and a user at a client's keyboard, say in a dialect: its `server` and `typed`.
class server_dialect {
 public:
  explicit server_dialect(dialect base) : dialect_(std::move(base)) {}

  /// Whether the dialect describes a server at all.
  bool has_server() const { return dialect_.description().contains("server"); }
  /// Whether the server has a message of this kind: "hello", "users", ...
  bool knows(std::string_view message) const;
  /// Encodes a message of the server. A value `id` is added where the dialect has ids.
  /// @throws std::out_of_range if there is no such message
  std::string encode(std::string_view message, const arguments& values) const;
  /// Decodes a client's message; nothing if it is not a request of the dialect.
  std::optional<request> decode(std::string_view message) const;
  /// Whether a client's request has a field for a value, for example for the "size" of a file.
  bool has_field(const std::string& request, const std::string& value) const;
  /// The kind of message that answers a request; empty if there is no answer.
  std::string answer_to(const request& asked) const;
  /// Whether the server closes the connection after such a request.
  bool disconnects_after(std::string_view request) const;
  /// The line that a user types for a request; nothing if the dialect does not define it.
  std::optional<std::string> command_for(std::string_view request, const arguments& values) const;

 private:
  std::optional<request> decode_text(std::string_view message) const;
  std::optional<request> decode_json(std::string_view message) const;
  std::optional<request> decode_header(std::string_view message) const;

  dialect dialect_;
};

/// Matches @p text against a form with `{name}` placeholders. @return the values of the
/// placeholders; nothing if the text does not match
std::optional<arguments> match_template(std::string_view text, std::string_view form);

}  // namespace tools
