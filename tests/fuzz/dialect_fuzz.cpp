// Dialects: whatever a program says, the messages found in it stand in order, and more bytes change
// none that was whole. The first byte chooses the dialect.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/dialect.hpp"
#include "expect.hpp"

namespace {

using tools::dialect;
using tools::found_message;

const dialect& chosen(std::uint8_t byte) {
  static const std::array<dialect, 5> all{
      dialect::load("lines"), dialect::load("jsonl"), dialect::load("struct"),
      dialect::load("struct2026"),
      dialect::from({{"extends", "lines"},
                     {"framing", {{"kind", "prefixed"}, {"bytes", 8}, {"order", "big"}}}})};
  return all.at(byte % all.size());
}

void check_order(const std::vector<found_message>& found, std::size_t size) {
  std::size_t end = 0;
  for (std::size_t n = 0; n < found.size(); ++n) {
    expect(found[n].begin >= end, "a message begins behind the one before it");
    expect(found[n].end > found[n].begin, "a message has bytes");
    expect(found[n].complete || n + 1 == found.size(), "only the last may be there in part");
    end = found[n].end;
  }
  expect(end <= size, "no message is longer than what came");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const dialect& protocol = chosen(data[0]);
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto all = protocol.split(bytes);
  check_order(all, bytes.size());
  const auto part = protocol.split(bytes.substr(0, bytes.size() / 2));
  check_order(part, bytes.size() / 2);
  for (std::size_t n = 0; n < part.size() && part[n].complete; ++n) {
    expect(n < all.size() && all[n].begin == part[n].begin && all[n].end == part[n].end,
           "what was whole stays as it was");
  }
  return 0;
}
