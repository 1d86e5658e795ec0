// How bytes are bent, without a socket and on a clock of the test's own.
#include "common/faults.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"

using std::chrono::milliseconds;
using tools::bent_stream;
using tools::faults;

namespace {

// A stream whose pieces are passed on as soon as they are due.
struct bent {
  faults how;
  jalon::steady_time now{};
  bent_stream stream{how, 7};

  explicit bent(std::string_view words) { tools::apply(how, words); }

  std::vector<std::string> pieces() {
    std::vector<std::string> passed;
    while (stream.due(now) == bent_stream::step::pass) {
      passed.emplace_back(stream.piece());
      stream.passed(stream.piece().size(), now);
    }
    return passed;
  }
};

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a split stream passes one piece, and the next after a pause") {
  bent one("split 2, every 10");
  one.stream.take("abcde", one.now);
  CHECK(one.pieces() == texts{"ab"});
  CHECK(one.stream.next(one.now) == one.now + milliseconds(10));
  one.now += milliseconds(10);
  CHECK(one.pieces() == texts{"cd"});
}

TEST_CASE("what could be sent only in part is the same piece still") {
  bent one("split 4");
  one.stream.take("abcdefgh", one.now);
  REQUIRE(one.stream.due(one.now) == bent_stream::step::pass);
  one.stream.passed(1, one.now);
  REQUIRE(one.stream.due(one.now) == bent_stream::step::pass);
  CHECK(one.stream.piece() == "bcd");
}

TEST_CASE("random pieces hold all bytes in their order, and the same seed cuts the same") {
  const auto cut = [] {
    bent one("random 3, every 0");
    one.stream.take("the quick brown fox jumps", one.now);
    return one.pieces();
  };
  const texts pieces = cut();
  std::string all;
  for (const auto& piece : pieces) {
    CHECK(piece.size() <= 3);
    all += piece;
  }
  CHECK(all == "the quick brown fox jumps");
  CHECK(cut() == pieces);
}

TEST_CASE("delayed bytes wait for their own time") {
  bent one("delay 50");
  one.stream.take("a", one.now);
  one.now += milliseconds(20);
  one.stream.take("b", one.now);
  CHECK(one.pieces().empty());
  CHECK(one.stream.next(one.now) == one.now + milliseconds(30));
  one.now += milliseconds(30);
  CHECK(one.pieces() == texts{"a"});
  CHECK(one.stream.next(one.now) == one.now + milliseconds(20));
}

TEST_CASE("a rate is kept over the pieces") {
  bent one("rate 1000");
  one.stream.take(std::string(1000, 'x'), one.now);
  std::size_t passed = 0;
  for (const auto end = one.now + milliseconds(500); one.now < end; one.now += milliseconds(1)) {
    for (const auto& piece : one.pieces()) passed += piece.size();
  }
  CHECK(passed == 500);
}

TEST_CASE("joined bytes wait for enough of them, or for the end") {
  bent one("join 4");
  one.stream.take("abc", one.now);
  CHECK(one.pieces().empty());
  one.stream.end();
  CHECK(one.pieces() == texts{"abc"});
  CHECK(one.stream.due(one.now) == bent_stream::step::half_close);
}

TEST_CASE("the end comes once, behind all the bytes") {
  bent one("split 1, every 0");
  one.stream.take("ab", one.now);
  one.stream.end();
  CHECK(one.pieces() == texts{"a", "b"});
  CHECK(one.stream.due(one.now) == bent_stream::step::half_close);
  one.stream.half_closed();
  CHECK(one.stream.due(one.now) == bent_stream::step::wait);
}

TEST_CASE("a cut comes behind its last byte, never before it") {
  bent one("reset 3");
  CHECK(one.stream.due(one.now) == bent_stream::step::wait);
  one.stream.take("abcdef", one.now);
  CHECK(one.pieces() == texts{"abc"});
  CHECK(one.stream.due(one.now) == bent_stream::step::reset);
}

TEST_CASE("words that are no fault change nothing") {
  faults how;
  for (const char* words :
       {"", "dance", "split", "split x", "split -1", "stall, split", "delay 5 5"})
    CHECK_THROWS_AS(tools::apply(how, words), std::runtime_error);
  CHECK_FALSE(how.stall);
  CHECK(how.split == 0);
}

TEST_CASE("go takes every fault back") {
  faults how;
  tools::apply(how, "split 3, stall, delay 10");
  tools::apply(how, "go");
  CHECK_FALSE(how.stall);
  CHECK(how.split == 0);
  CHECK(how.delay == milliseconds(0));
}
