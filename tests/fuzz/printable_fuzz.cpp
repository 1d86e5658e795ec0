// Text made safe to show: UTF-8 on one line, without deceptive characters, and done once for all.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <jalon/printable.hpp>

#include "expect.hpp"

namespace {

bool is_harmless(std::string_view text) {
  while (!text.empty()) {
    const auto front = jalon::decode_utf8(text);
    if (front.length == 0 || jalon::is_deceptive(front.code_point)) return false;
    text.remove_prefix(front.length);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string shown = jalon::printable(text);
  expect(jalon::is_utf8(shown), "it is UTF-8");
  expect(is_harmless(shown), "no character of it deceives");
  expect(shown.size() <= 3 * text.size(), "it is three times as long at most");
  expect(jalon::printable(shown) == shown, "it is printable already");
  if (is_harmless(text)) expect(shown == text, "harmless text is not changed");
  return 0;
}
