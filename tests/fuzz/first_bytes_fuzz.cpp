// A foreign protocol is reported once, as the first frame, or never; other lines are those of the
// plain codec, however the bytes are cut. The first byte gives how large the pieces are.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <jalon/line_codec.hpp>

#include "chat/foreign_protocol.hpp"
#include "chat/names.hpp"
#include "expect.hpp"
#include "support/frames.hpp"

namespace {

// The frames that are served; after a foreign one the connection is closed.
support::frame_list served_frames(std::string_view bytes, std::size_t piece, bool foreign) {
  auto frames = support::frames_of(chat::guarded_line_codec(chat::max_line), bytes, piece);
  if (foreign && frames.size() > 1) frames.resize(1);
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const auto foreign = chat::recognise(bytes);
  const support::frame_list due =
      foreign ? support::frame_list{'!' + make_error_code(*foreign).message()}
              : support::frames_of(jalon::line_codec(chat::max_line), bytes, bytes.size() + 1);
  expect(served_frames(bytes, bytes.size() + 1, foreign.has_value()) == due,
         "one piece gives the frames");
  expect(served_frames(bytes, piece, foreign.has_value()) == due, "pieces give the frames");
  expect(served_frames(bytes, 1, foreign.has_value()) == due, "single bytes give the frames");
  return 0;
}
