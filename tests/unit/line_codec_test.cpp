// Lines out of a stream, whatever pieces they come in.
#include <jalon/line_codec.hpp>

#include "catch.hpp"
#include "support/frames.hpp"

using jalon::line_codec;
using support::all_at_once;
using support::frame_list;
using support::frames_of;

namespace {

TEST_CASE("several lines that come in one piece are several frames") {
  CHECK(frames_of(line_codec(), "one\ntwo\n\nthree\n", all_at_once) ==
        frame_list{"one", "two", "", "three"});
}

TEST_CASE("a line is the same wherever it is cut") {
  const std::string stream = "first\r\nsecond is far too long\nthird\n\r\n\rfourth\nlast";
  const line_codec codec(10);
  const frame_list whole = frames_of(codec, stream, all_at_once);
  REQUIRE(whole == frame_list{"first", "!frame too long", "third", "", "\rfourth", "last"});
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    INFO("in pieces of " << piece << " bytes");
    CHECK(frames_of(codec, stream, piece) == whole);
  }
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    INFO("cut after " << cut << " bytes");
    CHECK(support::frames_of_two(codec, stream, cut) == whole);
  }
}

TEST_CASE("one CR before LF is dropped, others are the line's own") {
  CHECK(frames_of(line_codec(), "a\r\nb\r\r\n\rc\nd\re\n", all_at_once) ==
        frame_list{"a", "b\r", "\rc", "d\re"});
}

TEST_CASE("bytes that are no text, zero among them, are bytes of a line") {
  using namespace std::string_literals;
  CHECK(frames_of(line_codec(), "a\0b\xFF\n"s, 1) == frame_list{"a\0b\xFF"s});
}

TEST_CASE("the last line needs no LF, an input that ends with LF has no line more") {
  CHECK(frames_of(line_codec(), "one\ntwo", all_at_once) == frame_list{"one", "two"});
  CHECK(frames_of(line_codec(), "one\n", all_at_once) == frame_list{"one"});
  CHECK(frames_of(line_codec(), "", all_at_once) == frame_list{});
}

TEST_CASE("the bound counts the LF, and the CR if there is one") {
  const line_codec codec(5);
  CHECK(frames_of(codec, "1234\n", all_at_once) == frame_list{"1234"});
  CHECK(frames_of(codec, "123\r\n", all_at_once) == frame_list{"123"});
  CHECK(frames_of(codec, "12345\n", all_at_once) == frame_list{"!frame too long"});
  CHECK(frames_of(codec, "1234\r\n", all_at_once) == frame_list{"!frame too long"});
  CHECK(frames_of(codec, "1234", all_at_once) == frame_list{"1234"});
  CHECK(frames_of(codec, "12345", all_at_once) == frame_list{"!frame too long"});
}

TEST_CASE("after too long a line its rest is discarded, told once, and the next line comes") {
  const std::string endless(1'000, 'x');
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, all_at_once}) {
    INFO("in pieces of " << piece << " bytes");
    CHECK(frames_of(line_codec(64), endless + "\nnext\n", piece) ==
          frame_list{"!frame too long", "next"});
    CHECK(frames_of(line_codec(64), endless, piece) == frame_list{"!frame too long"});
  }
}

TEST_CASE("an endless line never fills the buffer beyond the bound") {
  line_codec codec(64);
  jalon::buffer in;
  std::size_t errors = 0;
  for (int byte = 0; byte < 100'000; ++byte) {
    in.append("x");
    while (codec.next(in)) ++errors;
    REQUIRE(in.size() < 64);
  }
  CHECK(errors == 1);
}

TEST_CASE("a codec can be used again after the end of an input") {
  line_codec codec(8);
  jalon::buffer in;
  in.append("far too long for this");
  REQUIRE(codec.next(in));
  CHECK_FALSE(codec.finish(in));
  in.append("new\n");
  const auto one = codec.next(in);
  REQUIRE(one);
  CHECK(one->payload == "new");
}

TEST_CASE("an encoded line is decoded to itself") {
  std::string stream;
  line_codec::encode("hello", stream);
  line_codec::encode("", stream);
  line_codec::encode("world", stream);
  CHECK(stream == "hello\n\nworld\n");
  CHECK(frames_of(line_codec(), stream, 1) == frame_list{"hello", "", "world"});
}

TEST_CASE("a line may have 64 KiB if nothing else is said") {
  const std::string longest(65'535, 'x');
  CHECK(frames_of(line_codec(), longest + "\n", 16'384) == frame_list{longest});
  CHECK(frames_of(line_codec(), longest + "x\n", 16'384) == frame_list{"!frame too long"});
}

}  // namespace
