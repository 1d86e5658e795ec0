// Words that nobody can guess.
#pragma once

#include <array>
#include <stdexcept>
#include <string>

#include <openssl/rand.h>

namespace program {

/// 128 bits from the system's source of randomness, in 32 hex digits.
/// @throws std::runtime_error when the system has no randomness
inline std::string random_token() {
  constexpr char hex[] = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  if (::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("no randomness is to be had");
  std::string token;
  for (const unsigned char byte : bytes) token.append({hex[byte >> 4U], hex[byte & 0xFU]});
  return token;
}

}  // namespace program
