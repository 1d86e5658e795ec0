// What is typed, cut at every place: whole characters, and pasted text apart from them.
#include "program/typed_keys.hpp"

#include <string>

#include "catch.hpp"

using program::typed_keys;

namespace {

void begin_paste(typed_keys& keys) {
  keys.add(program::paste_begin);
  REQUIRE(keys.take_paste_begin());
}

// Takes all keys that are complete.
std::string taken_from(typed_keys& keys) {
  std::string taken;
  while (const auto byte = keys.next_byte()) taken += static_cast<char>(*byte);
  return taken;
}

}  // namespace

TEST_CASE("A character comes once it is whole, then byte by byte") {
  typed_keys keys;
  CHECK_FALSE(keys.has_byte());
  keys.add("a\xE2\x82");
  CHECK(taken_from(keys) == "a");
  CHECK_FALSE(keys.has_byte());
  keys.add("\xAC\xC3");
  CHECK(keys.next_byte() == 0xE2);
  CHECK(keys.has_byte());
  CHECK(taken_from(keys) == "\x82\xAC");
}

TEST_CASE("Bytes that are no character are replaced, once that is known") {
  const std::string replacement = "\xEF\xBF\xBD";
  typed_keys keys;
  keys.add("\xE2\xC3");
  CHECK(taken_from(keys) == replacement);
  keys.add("x\x9B\xFF");
  CHECK(taken_from(keys) == replacement + "x" + replacement);
  keys.add("y\xED\xA0\x80");
  CHECK(taken_from(keys) == replacement + "y" + replacement);
}

TEST_CASE("A paste is the same wherever it is cut") {
  const std::string text = "one\rt\xC3\xA9 \033[20 \033[2J";
  const std::string sent = text + std::string(program::paste_end) + "\xC3\xA9 key";
  for (std::size_t at = 0; at <= sent.size(); ++at) {
    typed_keys keys;
    begin_paste(keys);
    std::string pasted;
    std::string typed;
    for (const auto& part : {sent.substr(0, at), sent.substr(at)}) {
      keys.add(part);
      if (keys.pasting()) {
        const auto taken = keys.take_pasted();
        CHECK((taken.empty() || (static_cast<unsigned char>(taken.back()) & 0xC0U) != 0xC0));
        pasted += taken;
      }
      if (!keys.pasting()) typed += taken_from(keys);
    }
    CAPTURE(at);
    CHECK(pasted == text);
    CHECK(typed == "\xC3\xA9 key");
  }
}

TEST_CASE("The begin of a paste is no key, wherever it is cut and whatever stands before it") {
  const std::string mark(program::paste_begin);
  for (const std::string before : {"", "\x16", "\033", "\x18", "\033[20", "\033[200"}) {
    for (std::size_t at = 0; at < mark.size(); ++at) {
      CAPTURE(before, at);
      typed_keys keys;
      keys.add(before + mark.substr(0, at));
      CHECK_FALSE(keys.take_paste_begin());
      CHECK(taken_from(keys) == before + mark.substr(0, at));
      keys.add(mark.substr(at) + "text\r");
      CHECK_FALSE(keys.has_byte());
      CHECK_FALSE(keys.next_byte());
      CHECK(keys.take_paste_begin());
      CHECK(keys.take_pasted() == "text\r");
    }
  }
}

TEST_CASE("A key that looks like the begin of a paste at first is a key") {
  typed_keys keys;
  keys.add("\033[200x\033[2~0~");
  CHECK_FALSE(keys.take_paste_begin());
  CHECK(taken_from(keys) == "\033[200x\033[2~0~");
}

TEST_CASE("A paste without an end is given out as it comes, and nothing is held back for long") {
  typed_keys keys;
  begin_paste(keys);
  keys.add("half\033[20");
  CHECK(keys.take_pasted() == "half");
  keys.add("0");
  CHECK(keys.take_pasted() == "\033[200");
  CHECK(keys.take_pasted().empty());
  CHECK(keys.pasting());
}

TEST_CASE("No C1 or bidirectional control is given out, typed or pasted") {
  const std::string sent =
      "a\xC2\x9B"
      "2J\xE2\x80\xAE\033[b\x07\tc\xC3\xA9\x9B";
  const std::string due =
      "a\xEF\xBF\xBD"
      "2J\xEF\xBF\xBD\033[b\x07\tc\xC3\xA9\xEF\xBF\xBD";
  typed_keys keys;
  keys.add(sent);
  CHECK(taken_from(keys) == due);
  begin_paste(keys);
  keys.add(sent + std::string(program::paste_end));
  CHECK(keys.take_pasted() == due);
}
