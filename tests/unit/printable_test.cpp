// Text from others, made safe to show.
#include <jalon/printable.hpp>

#include "catch.hpp"

using jalon::printable;
using namespace std::string_literals;

namespace {

const std::string replacement = "\xEF\xBF\xBD";

TEST_CASE("plain text of any script is shown as it is") {
  const std::string text = "hello, ça va? привет, 世界 😀 ~";
  CHECK(printable(text) == text);
  CHECK(printable("").empty());
}

TEST_CASE("what would move the cursor, command the terminal or turn the text around is replaced") {
  const std::string bad = GENERATE(
      "\x1B"s, "\0"s, "\a"s, "\b"s, "\r"s, "\n"s, "\v"s, "\f"s, "\x1F"s, "\x7F"s, "\xC2\x80"s,
      "\xC2\x9B"s, "\xC2\x9F"s, "\xD8\x9C"s, "\xE2\x80\x8E"s, "\xE2\x80\x8F"s, "\xE2\x80\xA8"s,
      "\xE2\x80\xA9"s, "\xE2\x80\xAA"s, "\xE2\x80\xAE"s, "\xE2\x81\xA6"s, "\xE2\x81\xA9"s);
  CHECK(printable("a" + bad + "b") == "a" + replacement + "b");
}

TEST_CASE("the neighbours of what is replaced are shown") {
  const std::string good =
      GENERATE(" "s, "~"s, "\xC2\xA0"s, "\xD8\x9B"s, "\xD8\x9D"s, "\xE2\x80\x90"s, "\xE2\x80\xA7"s,
               "\xE2\x80\xAF"s, "\xE2\x81\xA5"s, "\xE2\x81\xAA"s);
  CHECK(printable(good) == good);
}

TEST_CASE("a tab becomes a blank") { CHECK(printable("a\tb") == "a b"); }

TEST_CASE("each byte that is no UTF-8 is replaced, and the next character is shown") {
  CHECK(printable("\xFFz") == replacement + "z");
  CHECK(printable("caf\xE9!") == "caf" + replacement + "!");
  CHECK(printable("\xE2\x82") == replacement + replacement);
  CHECK(printable("\xED\xA0\x80") == replacement + replacement + replacement);
}

TEST_CASE("an escape sequence can be read and does nothing") {
  CHECK(printable("\x1B[2J\x1B]0;title\a") ==
        replacement + "[2J" + replacement + "]0;title" + replacement);
}

TEST_CASE("what is printable already is not changed again") {
  const std::string once = printable(
      "\x1B[31m\xFF\t\xE2\x80\xAE"
      "end\n");
  CHECK(printable(once) == once);
}

}  // namespace
