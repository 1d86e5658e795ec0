// Lines: the same frames however the bytes are cut, none beyond the bound, and encoding undone.
//
// The first byte gives the bound, the second how large the pieces are.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/line_codec.hpp>

#include "expect.hpp"
#include "support/frames.hpp"

namespace {

using jalon::line_codec;

// By the letter of what line_codec promises, without a thought for pieces or speed.
support::frame_list lines_by_the_book(std::string_view bytes, std::size_t bound) {
  support::frame_list lines;
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\n'), bytes.size());
    const bool ended = end < bytes.size();
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + (ended ? 1 : 0));
    if (line.size() + 1 > bound) {
      lines.emplace_back("!frame too long");
      continue;
    }
    if (ended && line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

void check_bound(std::string_view bytes, std::size_t bound, std::size_t piece) {
  line_codec codec(bound);
  jalon::buffer in;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    in.append(bytes.substr(0, piece));
    while (const auto one = codec.next(in))
      expect(one->payload.size() < bound, "a line is bounded");
    expect(in.size() < bound, "what waits is bounded");
  }
}

void check_encoding(const support::frame_list& lines) {
  std::string stream;
  for (const auto& line : lines) line_codec::encode(line, stream);
  expect(support::frames_of(line_codec(), stream, stream.size()) == lines,
         "what is encoded is decoded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t bound = data[0] + std::size_t{1};
  const std::size_t piece = data[1] + std::size_t{1};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

  auto lines = lines_by_the_book(bytes, bound);
  const line_codec codec(bound);
  expect(support::frames_of(codec, bytes, bytes.size() + 1) == lines, "one piece gives the lines");
  expect(support::frames_of(codec, bytes, piece) == lines, "pieces give the lines");
  expect(support::frames_of(codec, bytes, 1) == lines, "single bytes give the lines");
  check_bound(bytes, bound, piece);
  // A CR at a line's end goes with the LF; so it does not come back.
  std::erase_if(lines, [](const std::string& line) { return line.ends_with('\r'); });
  check_encoding(lines);
  return 0;
}
