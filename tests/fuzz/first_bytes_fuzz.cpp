// A foreign protocol is reported once, as the first frame that is not blank, or never; other lines
// are those of the plain codec, however the bytes are cut. The first byte gives how large the
// pieces are.
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

// The frames that are served. What comes after a foreign one does not count: the connection is
// closed then. A line may look like the mark of one, so @p due tells where it is.
support::frame_list served_frames(std::string_view bytes, std::size_t piece,
                                  const support::frame_list& due) {
  auto frames = support::frames_of(chat::guarded_line_codec(chat::max_line), bytes, piece);
  const bool ends_foreign = !due.empty() && (due.back() == "!HTTP" || due.back() == "!TLS");
  if (ends_foreign && frames.size() > due.size()) frames.resize(due.size());
  return frames;
}

// How many lines come before the first that is not blank; they are removed from @p bytes.
std::size_t take_blank_lines(std::string_view& bytes) {
  std::size_t taken = 0;
  for (;; ++taken) {
    const std::size_t end = bytes.find('\n');
    if (end > chat::max_line) return taken;
    if (bytes.substr(0, end).find_first_not_of(" \t\r") != bytes.npos) return taken;
    bytes.remove_prefix(end + 1);
  }
}

support::frame_list frames_due(std::string_view bytes) {
  auto due = support::frames_of(jalon::line_codec(chat::max_line), bytes, bytes.size() + 1);
  const std::size_t first = take_blank_lines(bytes);
  auto foreign = chat::recognise(bytes);
  if (!foreign && first < due.size() && chat::is_request_line(due[first]))
    foreign = chat::foreign_protocol::http;
  if (!foreign) return due;
  due.resize(first);
  due.push_back('!' + make_error_code(*foreign).message());
  return due;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const support::frame_list due = frames_due(bytes);
  expect(served_frames(bytes, bytes.size() + 1, due) == due, "one piece gives the frames");
  expect(served_frames(bytes, piece, due) == due, "pieces give the frames");
  expect(served_frames(bytes, 1, due) == due, "single bytes give the frames");
  return 0;
}
