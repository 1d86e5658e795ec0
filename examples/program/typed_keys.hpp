// What is typed at a terminal and not processed yet: whole characters, and pasted text apart from
// them. No terminal and no Readline live here.
//
// A terminal in bracketed paste mode (xterm, "Bracketed Paste Mode") sends `ESC [ 2 0 0 ~` before
// pasted text and `ESC [ 2 0 1 ~` behind it, so that a pasted line end is no Enter.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <jalon/printable.hpp>
#include <jalon/utf8.hpp>

namespace program {

/// Begins a paste.
inline constexpr std::string_view paste_begin = "\033[200~";
/// Ends a paste.
inline constexpr std::string_view paste_end = "\033[201~";

/// A queue of the bytes that a terminal has sent. It gives out what is complete: who takes bytes
/// from it never has to wait for the rest of a character or of a paste.
///
/// The mark that begins a paste is found here and not by the keymap of an editor: behind a key that
/// waits for another one, a keymap would read the mark as something else, and the line ends of the
/// paste as Enter.
///
/// A pasted text may be somebody else's, and an editor of lines sends it back to the terminal. So
/// C1 and bidirectional controls become U+FFFD, as in `jalon::printable`. Control characters of
/// ASCII are keys, and remain.
class typed_keys {
 public:
  /// Adds bytes that the terminal has sent.
  void add(std::string_view bytes) { bytes_ += bytes; }

  /// Whether all bytes have been taken.
  bool empty() const noexcept { return bytes_.empty(); }

  /// Whether `next_byte` has one.
  bool has_byte() const noexcept {
    return left_of_character_ > 0 || (!left_of_paste_begin() && is_complete());
  }

  /// The byte that `next_byte` would take; none if it would take none.
  std::optional<unsigned char> peek() const noexcept {
    if (!has_byte()) return std::nullopt;
    return static_cast<unsigned char>(bytes_.front());
  }

  /// Takes the next byte; none if no character is complete, and before a paste.
  std::optional<unsigned char> next_byte() {
    if (!has_byte()) return std::nullopt;
    if (left_of_character_ == 0) {
      left_of_character_ = length_of_first();
      replace_if_deceptive(bytes_, 0, left_of_character_);
    }
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.erase(0, 1);
    --left_of_character_;
    if (static_cast<char>(byte) != paste_begin[begun_]) begun_ = 0;
    if (static_cast<char>(byte) == paste_begin[begun_]) ++begun_;
    return byte;
  }

  /// Takes `paste_begin`, if that comes next: what follows is pasted text. Its first bytes may have
  /// been taken as keys, because a part of it may be all that is typed.
  bool take_paste_begin() {
    const auto left = left_of_paste_begin();
    if (pasting_ || left_of_character_ > 0 || !left) return false;
    bytes_.erase(0, *left);
    begun_ = 0;
    pasting_ = true;
    return true;
  }

  /// Whether the end of a paste has not been found yet.
  bool pasting() const noexcept { return pasting_; }

  /// Takes what has come of the pasted text. Looks for its end.
  std::string take_pasted() {
    const auto end = bytes_.find(paste_end);
    pasting_ = end == bytes_.npos;
    std::string text = bytes_.substr(0, pasting_ ? bytes_.size() - incomplete_end() : end);
    bytes_.erase(0, text.size() + (pasting_ ? 0 : paste_end.size()));
    for (std::size_t at = 0; at < text.size();) {
      std::size_t length =
          std::max<std::size_t>(1, jalon::decode_utf8(std::string_view(text).substr(at)).length);
      replace_if_deceptive(text, at, length);
      at += length;
    }
    return text;
  }

 private:
  static bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

  // Replaces the character of @p length bytes at @p at, and sets the length of what is there then.
  static void replace_if_deceptive(std::string& text, std::size_t at, std::size_t& length) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    const auto character = jalon::decode_utf8(std::string_view(text).substr(at, length));
    if (character.code_point < 0x80 || !jalon::is_deceptive(character.code_point)) return;
    text.replace(at, length, replacement);
    length = replacement.size();
  }

  // The bytes of a UTF-8 character, by its first byte.
  static std::size_t length_by(char first) {
    const auto lead = static_cast<unsigned char>(first);
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  }

  // The bytes of the first character that are here; of an invalid one, those up to the next.
  std::size_t length_of_first() const {
    const auto most = std::min(length_by(bytes_.front()), bytes_.size());
    std::size_t length = 1;
    while (length < most && continues(bytes_[length])) ++length;
    return length;
  }

  // The bytes of `paste_begin` that come next and complete it; none if something else comes.
  std::optional<std::size_t> left_of_paste_begin() const noexcept {
    for (const std::size_t taken : {std::size_t{0}, begun_}) {
      const auto left = paste_begin.substr(taken);
      if (std::string_view(bytes_).starts_with(left)) return left.size();
    }
    return std::nullopt;
  }

  bool is_complete() const {
    if (bytes_.empty()) return false;
    const auto length = length_of_first();
    return length == length_by(bytes_.front()) || length < bytes_.size();
  }

  // How many of the last bytes may be the begin of `paste_end`, or of a character.
  std::size_t incomplete_end() const {
    const std::string_view all = bytes_;
    for (auto kept = std::min(paste_end.size() - 1, all.size()); kept > 0; --kept) {
      if (paste_end.starts_with(all.substr(all.size() - kept))) return kept;
    }
    for (std::size_t kept = 1; kept <= std::min<std::size_t>(3, all.size()); ++kept) {
      const char first = all[all.size() - kept];
      if (!continues(first)) return length_by(first) > kept ? kept : 0;
    }
    return 0;
  }

  std::string bytes_;
  std::size_t begun_ = 0;              // the last bytes taken are so many of `paste_begin`
  std::size_t left_of_character_ = 0;  // the bytes of the first character that are not taken yet
  bool pasting_ = false;
};

}  // namespace program
