// Frames that begin with their length.
#include <jalon/length_codec.hpp>

#include "catch.hpp"
#include "support/frames.hpp"

using jalon::length_codec;
using support::all_at_once;
using support::frame_list;
using support::frames_of;
using namespace std::string_literals;

namespace {

TEST_CASE("the length is in network order, in 1, 2 or 4 bytes") {
  const auto [prefix, stream] = GENERATE(table<std::size_t, std::string>({
      {1,
       "\x03"
       "abc\x00\x01z"s},
      {2,
       "\x00\x03"
       "abc\x00\x00\x00\x01z"s},
      {4,
       "\x00\x00\x00\x03"
       "abc\x00\x00\x00\x00\x00\x00\x00\x01z"s},
  }));
  CAPTURE(prefix);
  const length_codec codec(prefix, 200);
  std::string encoded;
  for (const char* payload : {"abc", "", "z"}) codec.encode(payload, encoded);
  CHECK(encoded == stream);
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    INFO("in pieces of " << piece << " bytes");
    CHECK(frames_of(codec, stream, piece) == frame_list{"abc", "", "z"});
  }
}

TEST_CASE("a length of more than one byte is put together from its most significant one") {
  const std::string payload(0x0102, 'p');
  const std::string stream = "\x01\x02" + payload;
  CHECK(frames_of(length_codec(2, 0xFFFF), stream, 100) == frame_list{payload});
}

TEST_CASE("the longest payload is taken, one byte more is an error, and nothing comes after it") {
  const length_codec codec(1, 4);
  CHECK(frames_of(codec, "\x04word"s, all_at_once) == frame_list{"word"});
  CHECK(frames_of(codec, "\x05words\x01!"s, all_at_once) == frame_list{"!frame too long"});
  CHECK(frames_of(codec, "\x05words\x01!"s, 1) == frame_list{"!frame too long"});
}

TEST_CASE("a huge length is an error at once, before a byte of the payload") {
  length_codec codec(4, 1'000);
  jalon::buffer in;
  in.append("\xFF\xFF\xFF\xFF");
  const auto one = codec.next(in);
  REQUIRE(one);
  CHECK(one->error == jalon::frame_error::too_long);
}

TEST_CASE("what comes after a wrong length does not pile up") {
  length_codec codec(1, 4);
  jalon::buffer in;
  in.append("\x7F");
  REQUIRE(codec.next(in));
  for (int piece = 0; piece < 1'000; ++piece) {
    in.append(std::string(1'000, 'x'));
    REQUIRE_FALSE(codec.next(in));
  }
  CHECK(in.empty());
}

TEST_CASE("an input that ends within a frame says so, within the length or within the payload") {
  const length_codec codec(2, 100);
  const frame_list cut_short = {"!frame cut short"};
  CHECK(frames_of(codec, "\x00"s, 1) == cut_short);
  CHECK(frames_of(codec, "\x00\x03"s, 1) == cut_short);
  CHECK(frames_of(codec,
                  "\x00\x03"
                  "ab"s,
                  1) == cut_short);
  CHECK(frames_of(codec, ""s, 1) == frame_list{});
}

TEST_CASE("a payload beyond the bound is not encoded") {
  const length_codec codec(1, 4);
  std::string out = "before";
  CHECK_THROWS_AS(codec.encode("words", out), std::length_error);
  CHECK(out == "before");
}

TEST_CASE("a prefix has 1, 2 or 4 bytes and can express the bound") {
  for (const std::size_t prefix : {0U, 3U, 5U, 8U}) {
    CAPTURE(prefix);
    CHECK_THROWS_AS(length_codec(prefix, 1), std::invalid_argument);
  }
  CHECK_THROWS_AS(length_codec(1, 0x100), std::invalid_argument);
  CHECK_THROWS_AS(length_codec(2, 0x10000), std::invalid_argument);
  CHECK_NOTHROW(length_codec(1, 0xFF));
  CHECK_NOTHROW(length_codec(2, 0xFFFF));
  CHECK_NOTHROW(length_codec(4, 0xFFFFFFFF));
  if constexpr (sizeof(std::size_t) > 4)
    CHECK_THROWS_AS(length_codec(4, std::size_t{0x100000000}), std::invalid_argument);
}

}  // namespace
