// What waits to be sent: gathered, bounded, shared.
#include <string>
#include <vector>

#include <jalon/write_queue.hpp>

#include "catch.hpp"
#include "support/peer.hpp"

using jalon::io_status;
using jalon::make_payload;
using jalon::queue_limits;
using jalon::write_queue;

namespace {

// A queue with somebody who reads what it writes, if the test wants.
struct queue_scene {
  explicit queue_scene(const queue_limits& limits = {}) : queue(limits) {
    socket.set_buffers(4'096, 4'096);
    reader.socket().set_buffers(4'096, 4'096);
  }

  [[nodiscard]] bool push(std::string bytes) { return queue.push(make_payload(std::move(bytes))); }

  // Writes and reads until the queue is empty. @return whether it ever was
  [[nodiscard]] bool drain() {
    for (int turn = 0; turn < 100'000 && !queue.empty(); ++turn) {
      queue.write_to(socket);
      reader.received();
    }
    return queue.empty();
  }

  std::pair<jalon::stream_socket, jalon::stream_socket> ends = jalon::stream_socket::pair();
  jalon::stream_socket& socket = ends.first;
  support::peer reader{std::move(ends.second)};
  write_queue queue;
};

// Appends @p text.
auto bytes(std::string text) {
  return [text = std::move(text)](std::string& out) { out += text; };
}

TEST_CASE("payloads are written in order, by one call") {
  queue_scene s;
  for (const char* word : {"one ", "", "two ", "three"}) REQUIRE(s.push(word));
  CHECK(s.queue.bytes() == 13);

  const auto result = s.queue.write_to(s.socket);
  CHECK(result.status == io_status::ok);
  CHECK(result.bytes == 13);
  CHECK(s.reader.received() == "one two three");
  CHECK(s.queue.empty());
}

TEST_CASE("an empty queue writes nothing, and that is well") {
  queue_scene s;
  const auto result = s.queue.write_to(s.socket);
  CHECK(result.status == io_status::ok);
  CHECK(result.bytes == 0);
}

TEST_CASE("one payload is shared by queues and gone when the last has sent it") {
  queue_scene first;
  queue_scene second;
  const auto payload = make_payload("to all");
  REQUIRE(first.queue.push(payload));
  REQUIRE(second.queue.push(payload));
  CHECK(payload.block.use_count() == 3);
  REQUIRE(first.drain());
  CHECK(payload.block.use_count() == 2);
  REQUIRE(second.drain());
  CHECK(payload.block.use_count() == 1);
  CHECK(second.reader.received() == "to all");
}

TEST_CASE("more payloads than one call can gather are all written, once and in order") {
  constexpr int count = 5'000;
  static_assert(count > 4 * IOV_MAX, "it takes several calls");
  queue_scene s;
  std::string due;
  for (int i = 0; i < count; ++i) {
    const std::string line = std::to_string(i) + '\n';
    due += line;
    REQUIRE(s.push(line));
  }
  CHECK(s.queue.bytes() == due.size());
  REQUIRE(s.drain());
  CHECK(s.reader.received() == due);
}

TEST_CASE("a write that ends within a payload goes on from there") {
  queue_scene s;
  std::string due;
  for (char c = 'a'; c <= 'z'; ++c) {
    const std::string payload(9'973, c);  // larger than what the system takes at once
    due += payload;
    REQUIRE(s.push(payload));
  }
  const auto first = s.queue.write_to(s.socket);
  CHECK(first.status == io_status::would_block);
  REQUIRE(first.bytes % 9'973 != 0);
  CHECK(s.queue.bytes() == due.size() - first.bytes);

  REQUIRE(s.drain());
  CHECK(s.reader.received() == due);
}

TEST_CASE("what is put in while payloads are half sent comes after them") {
  queue_scene s;
  std::string due;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 20; ++i) {
      const std::string line = std::to_string(round) + '.' + std::string(97, 'x') + '\n';
      due += line;
      REQUIRE(s.push(line));
    }
    s.queue.write_to(s.socket);
    if (round % 7 == 0) s.reader.received();
  }
  REQUIRE(s.drain());
  CHECK(s.reader.received() == due);
}

TEST_CASE("a queue is high above high water, and no longer once it is at low water") {
  queue_scene s({.low_water = 10, .high_water = 20, .hard_limit = 1'000});
  REQUIRE(s.push(std::string(20, 'x')));
  CHECK_FALSE(s.queue.high());
  REQUIRE(s.push("x"));
  CHECK(s.queue.high());
  REQUIRE(s.drain());
  CHECK_FALSE(s.queue.high());
}

TEST_CASE("a queue is blocked while the socket is full") {
  queue_scene s;
  CHECK_FALSE(s.queue.blocked());
  REQUIRE(s.push(std::string(100'000, 'x')));
  CHECK_FALSE(s.queue.blocked());
  REQUIRE(s.queue.write_to(s.socket).status == io_status::would_block);
  CHECK(s.queue.blocked());
  REQUIRE(s.drain());
  CHECK_FALSE(s.queue.blocked());
}

TEST_CASE("between the marks a queue that was high is high still") {
  queue_scene s({.low_water = 10, .high_water = 100'000, .hard_limit = 1'000'000});
  REQUIRE(s.push(std::string(150'000, 'x')));
  for (int turn = 0; turn < 1'000 && s.queue.bytes() > 50'000; ++turn) {
    s.queue.write_to(s.socket);
    s.reader.received();
  }
  REQUIRE(s.queue.bytes() <= 100'000);
  REQUIRE(s.queue.bytes() > 10);
  CHECK(s.queue.high());
}

TEST_CASE("the hard limit may be reached and not passed, and what is refused changes nothing") {
  queue_scene s({.low_water = 10, .high_water = 20, .hard_limit = 100});
  REQUIRE(s.push(std::string(60, 'a')));
  CHECK_FALSE(s.push(std::string(41, 'b')));
  CHECK(s.queue.bytes() == 60);
  CHECK(s.push(std::string(40, 'c')));
  CHECK_FALSE(s.push("d"));
  CHECK(s.push(""));
  REQUIRE(s.drain());
  CHECK(s.reader.received() == std::string(60, 'a') + std::string(40, 'c'));
}

TEST_CASE("what is not begun can be dropped") {
  queue_scene s({.low_water = 10, .high_water = 20, .hard_limit = 1'000'000});

  SECTION("when nothing is sent: all of it") {
    REQUIRE(s.push("first "));
    REQUIRE(s.push("second"));
    s.queue.drop_unstarted();
    CHECK(s.queue.empty());
    REQUIRE(s.push("last"));
    REQUIRE(s.drain());
    CHECK(s.reader.received() == "last");
  }
  SECTION("when a payload is partly sent: all but the rest of that") {
    const std::string begun(50'000, 'b');
    REQUIRE(s.push(begun));
    REQUIRE(s.push("never sent"));
    REQUIRE(s.queue.write_to(s.socket).status == io_status::would_block);
    s.queue.drop_unstarted();
    REQUIRE(s.push("last"));
    REQUIRE(s.drain());
    CHECK(s.reader.received() == begun + "last");
    CHECK_FALSE(s.queue.high());
  }
  SECTION("when the front has moved on and a payload is partly sent") {
    std::string due;
    for (int i = 0; i < 40; ++i) REQUIRE(s.push(std::string(997, static_cast<char>('A' + i))));
    const std::size_t sent = s.queue.write_to(s.socket).bytes;
    REQUIRE(sent % 997 != 0);
    s.queue.drop_unstarted();
    for (std::size_t i = 0; i <= sent / 997; ++i)
      due += std::string(997, static_cast<char>('A' + i));
    CHECK(s.queue.bytes() == due.size() - sent);
    REQUIRE(s.push("last"));
    REQUIRE(s.drain());
    CHECK(s.reader.received() == due + "last");
  }
}

TEST_CASE("payloads that touch are one, and those that do not keep their order") {
  queue_scene s;
  jalon::outbox box;
  const auto first = box.add(bytes("first "));
  const auto second = box.add(bytes("second "));
  const auto third = box.add(bytes("third "));
  REQUIRE(s.queue.push(first));
  REQUIRE(s.queue.push(second));
  CHECK(first.block.use_count() == 5);  // these three, the box, and the queue once
  REQUIRE(s.push("other "));
  REQUIRE(s.queue.push(third));
  REQUIRE(s.queue.push(second));
  REQUIRE(s.drain());
  CHECK(s.reader.received() == "first second other third second ");
}

TEST_CASE("a queue that waits keeps no block alive of which it holds the smaller part") {
  queue_scene s;
  jalon::outbox box;
  const auto small = box.add(bytes(std::string(100, 's')));
  const auto large = box.add(bytes(std::string(50'000, 'l')));
  REQUIRE(s.queue.push(small));
  REQUIRE(s.push("other"));
  REQUIRE(s.queue.push(large));
  CHECK(small.block.use_count() == 5);
  s.queue.release_shared_blocks();
  CHECK(small.block.use_count() == 4);

  SECTION("also if it came to be that later") {
    const auto late = box.add(bytes(std::string(200'000, 'x')));
    const auto last = box.add(bytes("end"));
    REQUIRE(s.queue.push(last));
    s.queue.release_shared_blocks();
    CHECK(s.queue.bytes() == 50'108);
    REQUIRE(s.drain());
    CHECK(s.reader.received().ends_with("lend"));
  }
  SECTION("and sends what it was given") {
    REQUIRE(s.drain());
    CHECK(s.reader.received() == std::string(100, 's') + "other" + std::string(50'000, 'l'));
  }
}

TEST_CASE("a block is used again in the next turn if nobody holds it") {
  jalon::outbox box;
  const auto* const block = box.add(bytes("first")).block.get();
  box.end_turn();
  CHECK(box.add(bytes("second")).block.get() == block);
  const auto held = box.add(bytes("third"));
  CHECK(held.bytes() == "third");
  box.end_turn();
  CHECK(box.add(bytes("fourth")).block.get() != block);
  CHECK(held.bytes() == "third");
}

TEST_CASE("a connection that breaks is told as an error, and what waits still waits") {
  queue_scene s;
  REQUIRE(s.push("words"));
  s.reader.leave();
  const auto result = s.queue.write_to(s.socket);
  CHECK(result.status == io_status::error);
  CHECK(result.error == std::errc::broken_pipe);
  CHECK(s.queue.bytes() == 5);
}

}  // namespace
