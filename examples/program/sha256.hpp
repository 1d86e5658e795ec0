// SHA-256, by OpenSSL. Chapter: tutorial/04-files.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "hex.hpp"

namespace program {

/// Computes the hash of bytes that come piece by piece (FIPS 180-4).
class sha256 {
 public:
  /// @throws std::runtime_error when OpenSSL fails
  sha256() { require(::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr)); }

  /// Adds the next piece.
  void update(std::string_view bytes) {
    require(::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
  }

  /// The hash of all pieces, in 64 lower-case hex digits. May be called once.
  std::string finish() {
    std::array<unsigned char, 32> digest{};
    require(::EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    return to_hex(digest);
  }

 private:
  static void require(int result) {
    if (result != 1) throw std::runtime_error("SHA-256 cannot be computed");
  }

  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_{::EVP_MD_CTX_new(),
                                                              ::EVP_MD_CTX_free};
};

/// Whether two secrets are equal. Takes the same time wherever they differ.
inline bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace program
