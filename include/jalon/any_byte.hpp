// Tests whether any byte of a text meets a condition.
#pragma once

#include <string_view>

namespace jalon {

/// Whether @p predicate is true for any byte of @p text. It is called for every byte, even after a
/// match: compilers can vectorise a loop that never exits early. For a text of 100 bytes without a
/// match, the usual case, std::any_of takes four times as long (tests/bench/parts.cpp).
template <class Predicate>
constexpr bool any_byte(std::string_view text, Predicate predicate) noexcept {
  unsigned char found = 0;  // as wide as an element: with bool, g++ 12 does not vectorise the loop
  for (const char c : text)
    found = static_cast<unsigned char>(found | (predicate(static_cast<unsigned char>(c)) ? 1 : 0));
  return found != 0;
}

}  // namespace jalon
