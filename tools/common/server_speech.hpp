// The server's side of a dialect: requests to what was asked, and answers to bytes; from data, as
// the client's side is. No socket and no verdict here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect.hpp"

namespace tools {

/// What a client has asked for.
struct request {
  std::string name;       ///< "msg"
  arguments values = {};  ///< by the names that the dialect gives them: "nick", "text"
};

/// A dialect, spoken by a server and by who sits at a client's keyboard: its `server` and `typed`.
class server_speech {
 public:
  explicit server_speech(dialect speech) : speech_(std::move(speech)) {}

  /// Whether there is anything that a server says in it.
  bool is_there() const { return speech_.description().contains("server"); }
  /// Whether a server says such a thing: "hello", "users", ...
  bool knows(std::string_view what) const;
  /// The bytes of what a server says. A value `id` is put in where the dialect has ids.
  /// @throws std::out_of_range if it says no such thing
  std::string says(std::string_view what, const arguments& values) const;
  /// What a message of a client asks for; nothing if it is no request of the dialect's.
  std::optional<request> read(std::string_view message) const;
  /// Whether a client's request has a place for a value: for the "size" of a file, say.
  bool has_place(const std::string& request, const std::string& value) const;
  /// What the server says to it; empty: nothing.
  std::string answer_to(const request& asked) const;
  /// Whether the server ends the connection after it.
  bool lets_go_after(std::string_view request) const;
  /// What somebody types to ask for it; nothing if the dialect does not tell.
  std::optional<std::string> typed(std::string_view request, const arguments& values) const;

 private:
  std::optional<request> read_text(std::string_view message) const;
  std::optional<request> read_json(std::string_view message) const;
  std::optional<request> read_header(std::string_view message) const;

  dialect speech_;
};

/// Finds the values of @p form's `{name}`s in @p text; nothing if the text is not of that form.
std::optional<arguments> values_in(std::string_view text, std::string_view form);

}  // namespace tools
