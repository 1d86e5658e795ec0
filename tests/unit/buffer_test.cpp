// Bytes between being read and being taken.
#include <string>

#include <jalon/buffer.hpp>

#include "catch.hpp"

using jalon::buffer;

namespace {

TEST_CASE("what is appended comes out in order") {
  buffer bytes;
  bytes.append("one ");
  bytes.append("");
  bytes.append("two");
  CHECK(bytes.readable() == "one two");
  CHECK(bytes.size() == 7);
  bytes.consume(4);
  CHECK(bytes.readable() == "two");
  bytes.consume(3);
  CHECK(bytes.empty());
}

TEST_CASE("of a room that was prepared, what is committed can be read") {
  buffer bytes;
  const auto room = bytes.prepare(100);
  REQUIRE(room.size() == 100);
  std::copy_n("abc", 3, room.begin());
  CHECK(bytes.empty());
  bytes.commit(2);
  CHECK(bytes.readable() == "ab");
}

TEST_CASE("a view of bytes that are taken lives on until there is a new room") {
  buffer bytes;
  bytes.append("word and more");
  const auto word = bytes.readable().substr(0, 4);
  bytes.consume(13);
  CHECK(word == "word");
}

TEST_CASE("bytes survive growing and moving to the front, however they are cut") {
  buffer bytes;
  std::string put;
  std::string taken;
  for (std::size_t step = 1; step <= 400; ++step) {
    const std::string piece(step % 37 + 1, static_cast<char>('a' + step % 26));
    put += piece;
    bytes.append(piece);
    const std::size_t take = std::min(bytes.size(), step % 29);
    taken += bytes.readable().substr(0, take);
    bytes.consume(take);
  }
  CHECK(taken + std::string(bytes.readable()) == put);
}

TEST_CASE("released, a buffer is empty and can be used again") {
  buffer bytes;
  bytes.append("gone");
  bytes.release();
  CHECK(bytes.empty());
  bytes.append("new");
  CHECK(bytes.readable() == "new");
}

TEST_CASE("a moved buffer's bytes are in the new one alone") {
  buffer from;
  from.append("bytes");
  buffer to(std::move(from));
  CHECK(to.readable() == "bytes");
  CHECK(from.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the point

  buffer assigned;
  assigned.append("old");
  assigned = std::move(to);
  CHECK(assigned.readable() == "bytes");
  CHECK(to.empty());  // NOLINT(bugprone-use-after-move)
  to.append("again");
  CHECK(to.readable() == "again");
}

}  // namespace
