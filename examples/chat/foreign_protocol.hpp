// Recognises a peer that speaks HTTP or TLS by its first bytes. A web page can make a browser send
// an HTTP request to any address, with lines of JSON in its body: they must not be carried out.
// Chapter: tutorial/02-users.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <jalon/line_codec.hpp>

namespace chat {

/// What a peer speaks that does not belong here.
enum class foreign_protocol {
  http = 1,  ///< the first line is an HTTP request (RFC 9112)
  tls,       ///< the first bytes are a TLS handshake (RFC 8446, section 5.1)
};

/// The error category of `foreign_protocol`. @return a constant that lives as long as the program
inline const std::error_category& foreign_category() {
  class category final : public std::error_category {
    const char* name() const noexcept override { return "foreign protocol"; }
    std::string message(int code) const override {
      return static_cast<foreign_protocol>(code) == foreign_protocol::http ? "HTTP" : "TLS";
    }
  };
  static const category instance;
  return instance;
}

/// Makes a `std::error_code`. The constructor of `std::error_code` calls it.
inline std::error_code make_error_code(foreign_protocol what) {
  return {static_cast<int>(what), foreign_category()};
}

}  // namespace chat

/// Lets a `foreign_protocol` be assigned to a `std::error_code` and compared with it.
template <>
struct std::is_error_code_enum<chat::foreign_protocol> : std::true_type {};

namespace chat {

namespace detail {

inline constexpr std::string_view blanks = " \t\r\n";

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Whether @p text begins with @p prefix, which is in lower case, in letters of any case.
inline bool starts_with_word(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char due, char c) { return due == lower(c); });
}

// A method that is registered (RFC 9110, section 16.1), in letters of any case, or any other in
// capital letters. Those of extensions of HTTP are in capital letters.
inline bool is_method(std::string_view word) {
  constexpr std::array<std::string_view, 9> known{"get",     "head",    "post",  "put",  "delete",
                                                  "connect", "options", "trace", "patch"};
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_word = [&](std::string_view method) {
    return word.size() == method.size() && starts_with_word(word, method);
  };
  return std::all_of(word.begin(), word.end(), is_capital) ||
         std::any_of(known.begin(), known.end(), is_word);
}

// Whether @p bytes begin with a method and the beginning of a target (RFC 9112, section 3.2). No
// JSON does.
inline bool begins_request(std::string_view bytes) {
  const std::size_t end = bytes.find_first_of(" \t");
  if (end == bytes.npos || end == 0 || !is_method(bytes.substr(0, end))) return false;
  const std::size_t target = bytes.find_first_not_of(" \t", end);
  if (target == bytes.npos) return false;
  const std::string_view rest = bytes.substr(target);
  return rest[0] == '/' || rest[0] == '*' || starts_with_word(rest, "http") ||
         starts_with_word(bytes.substr(0, end), "connect");
}

}  // namespace detail

/// What the first bytes of a line are, as far as they show it. Only a few are looked at, because
/// they may come one by one.
inline std::optional<foreign_protocol> recognise(std::string_view first_bytes) {
  constexpr std::size_t enough = 64;
  if (first_bytes.starts_with("\x16\x03")) return foreign_protocol::tls;
  first_bytes = first_bytes.substr(0, enough);
  const std::size_t begin = first_bytes.find_first_not_of(" \t");
  if (begin == first_bytes.npos) return std::nullopt;
  if (detail::begins_request(first_bytes.substr(begin))) return foreign_protocol::http;
  return std::nullopt;
}

/// Whether @p line is an HTTP request of any method and target: whether its last word is a version,
/// such as `HTTP/1.1`, and not its only one. No line of JSON ends so.
inline bool is_request_line(std::string_view line) {
  constexpr std::string_view version = "http/";
  line = line.substr(0, line.find_last_not_of(detail::blanks) + 1);
  const std::size_t blank = line.find_last_of(" \t");
  if (blank == line.npos || line.find_first_not_of(detail::blanks) > blank) return false;
  const std::string_view last = line.substr(blank + 1);
  if (!detail::starts_with_word(last, version) || last.size() == version.size()) return false;
  return last.find_first_not_of("0123456789.", version.size()) == last.npos;
}

/// Whether @p line, of which the end has not come, may be an HTTP request: its first word is no
/// JSON, and not its only one.
inline bool may_be_request_line(std::string_view line) {
  line = line.substr(0, line.find('\n'));
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == line.npos) return true;
  const char first = line[begin];
  const bool is_json = first == '{' || first == '[' || first == '"';
  return !is_json && line.find_first_of(" \t", begin) != line.npos;
}

/// The codec of lines, which reports a foreign protocol instead of the first line: as the error of
/// a frame. All that has come with it is dropped.
class guarded_line_codec {
 public:
  /// @param max_bytes the longest line in bytes, as for `jalon::line_codec`
  explicit guarded_line_codec(std::size_t max_bytes) : max_bytes_(max_bytes), lines_(max_bytes) {}

  /// The next line. The parameter is as for every codec (jalon/frame.hpp).
  std::optional<jalon::frame> next(jalon::buffer& in) {
    if (is_first_) {
      if (const auto foreign = recognise(in.readable())) return drop(in, *foreign);
      // The codec of lines drops a line that is too long: this is the last time to look at it.
      begins_request_ = in.size() >= max_bytes_ && may_be_request_line(in.readable());
    }
    return checked(lines_.next(in), in);
  }

  /// The last line, if it has no LF.
  std::optional<jalon::frame> finish(jalon::buffer& in) { return checked(lines_.finish(in), in); }

  /// Whether it is in the middle of a line that is too long.
  bool discarding() const noexcept { return lines_.discarding(); }

  /// Appends @p line and an LF to @p out.
  static void encode(std::string_view line, std::string& out) {
    jalon::line_codec::encode(line, out);
  }

 private:
  // The first line that is not blank may be a request (RFC 9112, section 2.2).
  std::optional<jalon::frame> checked(std::optional<jalon::frame> line, jalon::buffer& in) {
    if (!is_first_ || !line) return line;
    if (line->error ? begins_request_ : is_request_line(line->payload))
      return drop(in, foreign_protocol::http);
    is_first_ =
        !line->error && line->payload.find_first_not_of(detail::blanks) == line->payload.npos;
    return line;
  }

  static jalon::frame drop(jalon::buffer& in, foreign_protocol what) {
    in.consume(in.size());
    return {{}, what};
  }

  std::size_t max_bytes_;
  jalon::line_codec lines_;
  bool is_first_ = true;         // no line was complete yet but blank ones
  bool begins_request_ = false;  // the first line, if it is too long
};

static_assert(jalon::codec<guarded_line_codec>);

}  // namespace chat
