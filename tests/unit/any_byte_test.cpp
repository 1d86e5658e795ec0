// Looking for a byte of a kind, wherever it stands.
#include <cstddef>
#include <string>

#include <jalon/any_byte.hpp>

#include "catch.hpp"

using jalon::any_byte;

namespace {

constexpr bool is_high(unsigned char byte) { return byte >= 0x80; }

TEST_CASE("a byte is found wherever it stands, in a text of any length") {
  // As many as a compiler may look at in one go, and then some.
  for (std::size_t length = 1; length <= 130; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      std::string text(length, 'x');
      text[place] = '\x80';
      if (!any_byte(text, is_high)) FAIL("of " << length << " bytes, number " << place);
    }
  }
  SUCCEED();
}

TEST_CASE("nothing is found where nothing is") {
  CHECK_FALSE(any_byte("", is_high));
  CHECK_FALSE(any_byte(std::string(1'000, '\x7F'), is_high));
  STATIC_REQUIRE(any_byte("\xFF", is_high));
}

}  // namespace
