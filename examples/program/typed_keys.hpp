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
/// A pasted text may be somebody else's, and an editor of lines sends it back to the terminal. So
/// C1 and bidirectional controls become U+FFFD, as in `jalon::printable`. Control characters of
/// ASCII are keys, and remain.
class typed_keys {
 public:
  /// Adds bytes that the terminal has sent.
  void add(std::string_view bytes) { bytes_ += bytes; }

  /// Whether `next_byte` has one.
  bool has_byte() const noexcept { return left_of_character_ > 0 || is_complete(); }

  /// Takes the next byte; none if no character is complete.
  std::optional<unsigned char> next_byte() {
    if (!has_byte()) return std::nullopt;
    if (left_of_character_ == 0) {
      left_of_character_ = length_of_first();
      replace_if_deceptive(bytes_, 0, left_of_character_);
    }
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.erase(0, 1);
    --left_of_character_;
    return byte;
  }

  /// To be called when `paste_begin` has been taken: what follows is pasted text.
  void begin_paste() noexcept { pasting_ = true; }

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
  std::size_t left_of_character_ = 0;  // the bytes of the first character that are not taken yet
  bool pasting_ = false;
};

}  // namespace program
