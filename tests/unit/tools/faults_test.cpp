// Fault injection, without a socket and on the test's own clock.
#include "common/faults.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "unit/catch.hpp"

using std::chrono::milliseconds;
using tools::faults;
using tools::faulty_stream;

namespace {

// A stream whose pieces are sent as soon as it releases them.
struct test_stream {
  faults how;
  jalon::steady_time now{};
  faulty_stream stream{how, 7};

  explicit test_stream(std::string_view words) { tools::apply(how, words); }

  std::vector<std::string> pieces() {
    std::vector<std::string> sent;
    while (stream.next_step(now) == faulty_stream::step::send) {
      sent.emplace_back(stream.piece());
      stream.consume(stream.piece().size(), now);
    }
    return sent;
  }
};

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a split stream passes one piece, and the next after a pause") {
  test_stream test("split 2, every 10");
  test.stream.append("abcde", test.now);
  CHECK(test.pieces() == texts{"ab"});
  CHECK(test.stream.next_wakeup(test.now) == test.now + milliseconds(10));
  test.now += milliseconds(10);
  CHECK(test.pieces() == texts{"cd"});
}

TEST_CASE("what could be sent only in part is the same piece still") {
  test_stream test("split 4");
  test.stream.append("abcdefgh", test.now);
  REQUIRE(test.stream.next_step(test.now) == faulty_stream::step::send);
  test.stream.consume(1, test.now);
  REQUIRE(test.stream.next_step(test.now) == faulty_stream::step::send);
  CHECK(test.stream.piece() == "bcd");
}

TEST_CASE("random pieces hold all bytes in their order, and the same seed cuts the same") {
  const auto cut = [] {
    test_stream test("random 3, every 0");
    test.stream.append("the quick brown fox jumps", test.now);
    return test.pieces();
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
  test_stream test("delay 50");
  test.stream.append("a", test.now);
  test.now += milliseconds(20);
  test.stream.append("b", test.now);
  CHECK(test.pieces().empty());
  CHECK(test.stream.next_wakeup(test.now) == test.now + milliseconds(30));
  test.now += milliseconds(30);
  CHECK(test.pieces() == texts{"a"});
  CHECK(test.stream.next_wakeup(test.now) == test.now + milliseconds(20));
}

TEST_CASE("a rate is kept over the pieces") {
  test_stream test("rate 1000");
  test.stream.append(std::string(1000, 'x'), test.now);
  std::size_t passed = 0;
  for (const auto end = test.now + milliseconds(500); test.now < end; test.now += milliseconds(1)) {
    for (const auto& piece : test.pieces()) passed += piece.size();
  }
  CHECK(passed == 500);
}

TEST_CASE("joined bytes wait for enough of them, or for the end") {
  test_stream test("join 4");
  test.stream.append("abc", test.now);
  CHECK(test.pieces().empty());
  test.stream.end_input();
  CHECK(test.pieces() == texts{"abc"});
  CHECK(test.stream.next_step(test.now) == faulty_stream::step::half_close);
}

TEST_CASE("the end comes once, behind all the bytes") {
  test_stream test("split 1, every 0");
  test.stream.append("ab", test.now);
  test.stream.end_input();
  CHECK(test.pieces() == texts{"a", "b"});
  CHECK(test.stream.next_step(test.now) == faulty_stream::step::half_close);
  test.stream.close();
  CHECK(test.stream.next_step(test.now) == faulty_stream::step::wait);
}

TEST_CASE("a cut comes behind its last byte, never before it") {
  test_stream test("reset 3");
  CHECK(test.stream.next_step(test.now) == faulty_stream::step::wait);
  test.stream.append("abcdef", test.now);
  CHECK(test.pieces() == texts{"abc"});
  CHECK(test.stream.next_step(test.now) == faulty_stream::step::reset);
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
