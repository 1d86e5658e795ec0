// Recognises a peer that speaks HTTP or TLS by its first bytes. A web page can make a browser send
// an HTTP request to any address, with lines of JSON in its body: they must not be carried out.
// Chapter: tutorial/02-users.
#pragma once

#include <algorithm>
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

/// What the first bytes of a connection are, as far as they show it. Only a few are looked at,
/// because they may come one by one.
inline std::optional<foreign_protocol> recognise(std::string_view first_bytes) {
  constexpr std::size_t enough = 64;
  first_bytes = first_bytes.substr(0, enough);
  if (first_bytes.starts_with("\x16\x03")) return foreign_protocol::tls;
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto method = static_cast<std::size_t>(
      std::find_if_not(first_bytes.begin(), first_bytes.end(), is_capital) - first_bytes.begin());
  const std::string_view target = first_bytes.substr(method);
  const bool is_request =
      target.starts_with(" /") || target.starts_with(" *") || target.starts_with(" http");
  if (method > 0 && is_request) return foreign_protocol::http;
  return std::nullopt;
}

/// The codec of lines, which reports a foreign protocol instead of the first line: as the error of
/// a frame. All that has come with it is dropped.
class guarded_line_codec {
 public:
  /// @param max_bytes the longest line in bytes, as for `jalon::line_codec`
  explicit guarded_line_codec(std::size_t max_bytes) : lines_(max_bytes) {}

  /// The next line. The parameter is as for every codec (jalon/frame.hpp).
  std::optional<jalon::frame> next(jalon::buffer& in) {
    if (is_first_) {
      if (const auto foreign = recognise(in.readable())) return drop(in, *foreign);
    }
    const auto line = lines_.next(in);
    if (line) is_first_ = false;
    return line;
  }

  /// The last line, if it has no LF.
  std::optional<jalon::frame> finish(jalon::buffer& in) { return lines_.finish(in); }

  /// Whether it is in the middle of a line that is too long.
  bool discarding() const noexcept { return lines_.discarding(); }

  /// Appends @p line and an LF to @p out.
  static void encode(std::string_view line, std::string& out) {
    jalon::line_codec::encode(line, out);
  }

 private:
  static jalon::frame drop(jalon::buffer& in, foreign_protocol what) {
    in.consume(in.size());
    return {{}, what};
  }

  jalon::line_codec lines_;
  bool is_first_ = true;  // no line was complete yet
};

static_assert(jalon::codec<guarded_line_codec>);

}  // namespace chat
