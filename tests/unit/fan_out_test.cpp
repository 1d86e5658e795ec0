// Frames that go to several recipients: batched, and in the order in which they were sent.
#include <map>
#include <string>
#include <vector>

#include <jalon/fan_out.hpp>

#include "catch.hpp"

using jalon::connection_id;
using jalon::shared_payload;

namespace {

constexpr connection_id anna{1};
constexpr connection_id bob{2};
constexpr connection_id carol{3};

// What was put into each queue, and by how many payloads.
struct queues {
  std::map<connection_id, std::string> bytes;
  std::vector<shared_payload> payloads;
};

struct enqueue {
  queues* into;
  void operator()(connection_id to, const shared_payload& payload) const {
    into->bytes[to] += payload.bytes();
    into->payloads.push_back(payload);
  }
};

struct fan_out_scene {
  queues all;
  jalon::fan_out<enqueue> out{enqueue{&all}, 1'000};

  void send(const std::vector<connection_id>& to, const std::string& frame) {
    out.send(to, [&](std::string& text) { text += frame; });
  }
};

TEST_CASE("frames to the same recipients in a row become one payload for each") {
  fan_out_scene s;
  s.send({anna, bob}, "one ");
  s.send({anna, bob}, "two ");
  CHECK(s.all.payloads.empty());
  s.out.flush_batch();
  CHECK(s.all.payloads.size() == 2);
  CHECK(s.all.bytes[anna] == "one two ");
  CHECK(s.all.bytes[bob] == "one two ");
  CHECK(s.all.payloads[0].block == s.all.payloads[1].block);
}

TEST_CASE("a frame to others comes after the batch, not before it") {
  fan_out_scene s;
  s.send({anna, bob}, "one ");
  s.send({bob, carol}, "two ");
  s.send({bob}, "three ");
  s.send({bob, anna}, "four ");
  s.out.flush_batch();
  CHECK(s.all.bytes[anna] == "one four ");
  CHECK(s.all.bytes[bob] == "one two three four ");
  CHECK(s.all.bytes[carol] == "two ");
}

TEST_CASE("a frame to one recipient is in the queue at once") {
  fan_out_scene s;
  s.send({anna}, "hello");
  CHECK(s.all.bytes[anna] == "hello");
}

TEST_CASE("unicast frames do not break up a run of multicast bytes") {
  fan_out_scene s;
  s.send({anna, bob}, "one ");
  s.send({carol}, "only you ");
  s.send({anna, bob}, "two ");
  s.out.flush_batch();
  const auto& sent = s.all.payloads;  // to anna, bob; to carol; to anna, bob
  REQUIRE(sent.size() == 5);
  CHECK(sent[0].touches(sent[3]));
}

TEST_CASE("a batch that has grown too large is in the queues at once") {
  fan_out_scene s;
  s.send({anna, bob}, std::string(600, 'x'));
  CHECK(s.all.payloads.empty());
  s.send({anna, bob}, std::string(600, 'y'));
  CHECK(s.all.bytes[bob].size() == 1'200);
}

TEST_CASE("the end of a turn leaves nothing in the batch, and what was sent stays as it is") {
  fan_out_scene s;
  s.send({anna, bob}, "one ");
  s.out.end_turn();
  CHECK(s.all.bytes[bob] == "one ");
  s.send({anna, bob}, "two ");
  s.out.end_turn();
  CHECK(s.all.bytes[bob] == "one two ");
  CHECK(s.all.payloads[0].bytes() == "one ");
}

TEST_CASE("a block that is full is not extended, and what is in it stays") {
  queues all;
  jalon::fan_out<enqueue> out{enqueue{&all}, 1'000'000};
  const std::vector both = {anna, bob};
  const std::string much(std::size_t{256} << 10, 'x');
  out.send(both, [&](std::string& text) { text += much + "\n"; });
  out.send(both, [&](std::string& text) { text += "two\n"; });
  out.flush_batch();
  CHECK(all.bytes[anna] == much + "\ntwo\n");
  CHECK(all.payloads[0].block != all.payloads[2].block);
}

}  // namespace
