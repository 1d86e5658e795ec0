// What a codec takes out of a buffer: a frame, or what is wrong with it.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "buffer.hpp"

namespace jalon {

/// One frame of a stream: a message as its sender cut it, whatever pieces it came in.
struct frame {
  std::string_view payload = {};  ///< its bytes; valid until the buffer is written to
  std::error_code error = {};     ///< set when the frame is lost; the payload is empty then
};

/// Takes frames out of a stream of bytes, and puts them into one.
///
/// `next` gives frame after frame and nothing when the rest is no whole frame yet; `finish` what
/// is left when the input has ended; `encode` appends one frame to a string.
template <class C>
concept codec = requires(C c, buffer& in, std::string_view payload, std::string& out) {
  { c.next(in) } -> std::same_as<std::optional<frame>>;
  { c.finish(in) } -> std::same_as<std::optional<frame>>;
  {c.encode(payload, out)};
};

}  // namespace jalon
