// Frames, and the concept of a codec: bytes of a stream to frames, and frames to bytes.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "buffer.hpp"

namespace jalon {

/// One frame of a stream: a message as it was sent, in however many pieces it arrived.
struct frame {
  std::string_view payload = {};  ///< its bytes; valid until the buffer is written to or released
  std::error_code error = {};     ///< why there is no frame; the payload is empty then
};

/// Decodes frames from a stream of bytes, and encodes them.
///
/// - `next` returns the next frame and consumes it, or `std::nullopt` if no frame is complete.
/// - `finish` is called when the input has ended. It returns what is left in the buffer.
/// - `encode` appends one frame to a string.
///
/// A codec that discards the rest of a frame may have one more function: `discarding()` returns
/// whether it is in the middle of such a frame. For a connection that frame has begun and is not
/// finished, although the buffer is empty (`connection_options::frame_timeout`).
template <class C>
concept codec = requires(C c, buffer& in, std::string_view payload, std::string& out) {
  { c.next(in) } -> std::same_as<std::optional<frame>>;
  { c.finish(in) } -> std::same_as<std::optional<frame>>;
  {c.encode(payload, out)};
};

}  // namespace jalon
