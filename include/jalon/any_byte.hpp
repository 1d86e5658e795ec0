// Whether any byte of a text is of a kind.
// Which kinds there are is not known here.
#pragma once

#include <string_view>

namespace jalon {

/// Whether @p is_meant holds for any byte of @p text. It is asked of every byte, found or not: to a
/// loop that never ends early compilers give registers of many bytes. For a text of 100 bytes that
/// has none, which is the usual one, std::any_of takes four times as long (tests/bench/parts.cpp).
template <class Predicate>
constexpr bool any_byte(std::string_view text, Predicate is_meant) noexcept {
  unsigned char found = 0;  // as wide as what is looked at: with bool, g++ 12 goes byte by byte
  for (const char c : text)
    found = static_cast<unsigned char>(found | (is_meant(static_cast<unsigned char>(c)) ? 1 : 0));
  return found != 0;
}

}  // namespace jalon
