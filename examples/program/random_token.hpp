// Tokens that nobody can guess.
#pragma once

#include <array>
#include <stdexcept>
#include <string>

#include <openssl/rand.h>

#include "hex.hpp"

namespace program {

/// 128 bits from the system's source of randomness, in 32 hex digits.
/// @throws std::runtime_error when the system has no randomness
inline std::string random_token() {
  std::array<unsigned char, 16> bytes{};
  if (::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system has no randomness");
  return to_hex(bytes);
}

}  // namespace program
