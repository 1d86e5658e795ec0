// UTF-8: what is, and what only looks like it.
#include <string>
#include <vector>

#include <jalon/utf8.hpp>

#include "catch.hpp"

using jalon::decode_utf8;
using jalon::is_utf8;

namespace {

// As RFC 3629 writes it, whatever `c` is.
std::string encode(char32_t c) {
  const auto byte = [](char32_t bits) {
    return static_cast<char>(static_cast<unsigned char>(bits));
  };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
  if (c < 0x10000)
    return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
  return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)),
          byte(0x80 | (c & 0x3F))};
}

TEST_CASE("every code point is decoded to itself, surrogates alone are none") {
  // One assertion each would be two million: they are counted, and the first that is wrong named.
  char32_t first_wrong = 0x110000;
  for (char32_t c = 0x10FFFF; c > 0; --c) {
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    const auto front = decode_utf8(encode(c) + "tail");
    const bool right =
        surrogate ? front.length == 0 : front.code_point == c && front.length == encode(c).size();
    if (!right) first_wrong = c;
  }
  CHECK(static_cast<std::uint32_t>(first_wrong) == 0x110000);
}

TEST_CASE("zero is a character, nothing is none") {
  CHECK(decode_utf8(std::string_view("\0", 1)).length == 1);
  CHECK(decode_utf8("").length == 0);
}

TEST_CASE("what is no UTF-8 has no length") {
  const std::string bytes = GENERATE(
      as<std::string>(), "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
      "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80",
      "\xF5\x80\x80\x80", "\xFE", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3(", "\xE2(\xAC",
      "\xE2\x82(", "\xF0\x9F\x98(", "\xF8\x88\x80\x80\x80");
  CHECK(decode_utf8(bytes).length == 0);
  CHECK_FALSE(is_utf8(bytes));
  CHECK_FALSE(is_utf8("good, then " + bytes));
}

TEST_CASE("a text is UTF-8 when all of it is") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain"));
  CHECK(is_utf8("d\xC3\xA9j\xC3\xA0 vu \xE2\x82\xAC \xF0\x9F\x98\x80"));
  CHECK_FALSE(is_utf8("caf\xE9"));
}

TEST_CASE("a prefix ends at a whole character") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  const std::vector<std::size_t> sizes{0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t most = 0; most < sizes.size(); ++most) {
    CAPTURE(most);
    CHECK(jalon::utf8_prefix(text, most) == text.substr(0, sizes[most]));
  }
}

TEST_CASE("of what is no UTF-8, a prefix leaves out 3 bytes at most") {
  CHECK(jalon::utf8_prefix(std::string(10, '\x80'), 5).size() == 2);
  CHECK(jalon::utf8_prefix(std::string(10, '\x80'), 2).empty());
}

}  // namespace
