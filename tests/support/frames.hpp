// Feeding a codec, in the pieces that a test likes, and writing down what comes out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/frame.hpp>

namespace support {

/// A piece that is as long as all there is.
inline constexpr std::size_t all_at_once = std::string_view::npos;

/// Frames as text: the payload, or `!` and what is wrong.
using frame_list = std::vector<std::string>;

inline std::string to_text(const jalon::frame& one) {
  return one.error ? "!" + one.error.message() : std::string(one.payload);
}

/// What @p codec makes of @p bytes that come in pieces of @p piece, and of the end of the input.
template <jalon::codec Codec>
frame_list frames_of(Codec codec, std::string_view bytes, std::size_t piece) {
  frame_list frames;
  jalon::buffer in;
  while (!bytes.empty()) {
    in.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (const auto one = codec.next(in)) frames.push_back(to_text(*one));
  }
  while (const auto one = codec.finish(in)) frames.push_back(to_text(*one));
  return frames;
}

/// The same for @p bytes that come in two pieces, cut at @p cut.
template <jalon::codec Codec>
frame_list frames_of_two(Codec codec, std::string_view bytes, std::size_t cut) {
  frame_list frames;
  jalon::buffer in;
  for (const auto piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    in.append(piece);
    while (const auto one = codec.next(in)) frames.push_back(to_text(*one));
  }
  while (const auto one = codec.finish(in)) frames.push_back(to_text(*one));
  return frames;
}

}  // namespace support
