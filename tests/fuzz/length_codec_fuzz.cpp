// Length-prefixed frames: the same however the bytes are cut, none beyond the bound, and encoding
// undone.
//
// The first byte gives the prefix, the second the bound, the third how large the pieces are.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <jalon/length_codec.hpp>

#include "expect.hpp"
#include "support/frames.hpp"

namespace {

using jalon::length_codec;

// By the letter of what length_codec promises.
support::frame_list frames_by_the_book(std::string_view bytes, std::size_t prefix,
                                       std::size_t bound) {
  support::frame_list frames;
  while (!bytes.empty()) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < prefix && i < bytes.size(); ++i)
      length = length * 256 + static_cast<unsigned char>(bytes[i]);
    if (bytes.size() >= prefix && length > bound) {
      frames.emplace_back("!frame too long");
      return frames;
    }
    if (bytes.size() < prefix + length) {
      frames.emplace_back("!frame cut short");
      return frames;
    }
    frames.emplace_back(bytes.substr(prefix, length));
    bytes.remove_prefix(prefix + length);
  }
  return frames;
}

void check_encoding(const length_codec& codec, support::frame_list frames) {
  std::erase_if(frames, [](const std::string& one) { return one.starts_with('!'); });
  std::string stream;
  for (const auto& one : frames) codec.encode(one, stream);
  expect(support::frames_of(codec, stream, stream.size() + 1) == frames,
         "what is encoded is decoded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  constexpr std::array<std::size_t, 3> prefixes = {1, 2, 4};
  const std::size_t prefix = prefixes[data[0] % 3];
  const std::size_t bound = data[1];
  const std::size_t piece = data[2] + std::size_t{1};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);

  const length_codec codec(prefix, bound);
  const auto frames = frames_by_the_book(bytes, prefix, bound);
  expect(support::frames_of(codec, bytes, bytes.size() + 1) == frames,
         "one piece gives the frames");
  expect(support::frames_of(codec, bytes, piece) == frames, "pieces give the frames");
  expect(support::frames_of(codec, bytes, 1) == frames, "single bytes give the frames");
  check_encoding(codec, frames);
  return 0;
}
