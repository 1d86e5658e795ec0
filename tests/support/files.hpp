// Files for tests: their content, its hash, and reading them back.
#pragma once

#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include <jalon/error.hpp>
#include <jalon/unique_fd.hpp>

#include "program/sha256.hpp"

namespace support {

/// So many bytes that do not repeat soon; the same ones each time.
inline std::string some_bytes(std::size_t count) {
  std::minstd_rand dice;
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(dice());
  return bytes;
}

/// The SHA-256 of @p bytes, in hex.
inline std::string hash_of(std::string_view bytes) {
  program::sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

/// Makes a file.
inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// What a file holds; empty if there is none.
inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Opens a file; one that is written to is made.
inline jalon::unique_fd open_file(const std::filesystem::path& path, int how = O_RDONLY) {
  const int flags = how | O_CLOEXEC | (how == O_RDONLY ? 0 : O_CREAT);
  return jalon::unique_fd{jalon::check_call(::open(path.c_str(), flags, 0666), "open", path)};
}

}  // namespace support
