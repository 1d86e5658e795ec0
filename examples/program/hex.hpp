// Bytes as hex digits.
#pragma once

#include <span>
#include <string>

namespace program {

/// Two lower-case hex digits for each byte.
inline std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) text.append({digits[byte >> 4U], digits[byte & 0xFU]});
  return text;
}

}  // namespace program
