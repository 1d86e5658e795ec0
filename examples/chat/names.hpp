// What all milestones of the chat share: the limits, which texts are names, how names compare, and
// which texts may be said. Checked texts are views: they are valid until the next line is read.
// Chapter: tutorial/02-users.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <jalon/any_byte.hpp>
#include <jalon/message.hpp>

namespace chat {

/// The limits that the server announces, in bytes.
inline constexpr std::size_t max_line = 65'536;
inline constexpr std::size_t max_text = 4'096;
inline constexpr std::size_t max_name = 32;

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The form in which names are compared and sorted. Names that differ only in case are equal.
inline std::string folded(std::string_view name) {
  std::string key(name);
  std::transform(key.begin(), key.end(), key.begin(), lower);
  return key;
}

/// A letter, then letters, digits, `_` and `-`; at most 32, all ASCII.
inline bool is_name(std::string_view text) {
  if (text.empty() || text.size() > max_name || !is_letter(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

/// A name that a user may have: clients show what the server says under the name `Server`.
inline bool is_nick(std::string_view text) { return is_name(text) && folded(text) != "server"; }

/// Whether @p text has no control character of ASCII; a tab is a control character.
inline bool is_free_of_controls(std::string_view text) {
  return !jalon::any_byte(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

/// A text that is said: not empty, and without control characters except the tab.
struct text_rule {
  static constexpr std::string_view code = "bad_text";
  static constexpr std::string_view reason = "a text has 1 to 4096 bytes and no control character";
  static bool allows(std::string_view text) {
    if (text.empty() || text.size() > max_text) return false;
    return !jalon::any_byte(text,
                            [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
  }
};
using message_text = jalon::checked_view<text_rule>;

}  // namespace chat
