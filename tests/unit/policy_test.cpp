// The limits of a chat server: policy.hpp and what it is made of, in memory, by a settable clock.
#include "chat/policy.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "support/memory_host.hpp"
#include "support/milestones.hpp"
#include "support/settable_clock.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

jalon::endpoint from_address(const std::string& address) {
  return jalon::endpoint::ip(address, 40'000).value();
}

// A chat of milestone 4 behind a policy.
class limited_chat {
 public:
  using client = support::memory_host::client;

  explicit limited_chat(chat::service_limits limits = {}) : policy(chat.router(), limits) {}

  client connect(const std::string& address = "127.0.0.1") {
    return host.connect(from_address(address));
  }

  client enter(const std::string& nick, const std::string& address = "127.0.0.1") {
    const client id = connect(address);
    send(id, R"({"type":"nick","nick":")" + nick + "\"}");
    drain(id);
    return id;
  }

  void send(client who, const std::string& line) { host.send(who, line + '\n'); }

  void join(client who, const std::string& type, const std::string& channel) {
    send(who, R"({"type":")" + type + R"(","channel":")" + channel + "\"}");
  }

  void say(client who, const std::string& channel, const std::string& text) {
    send(who, R"({"type":"say","channel":")" + channel + R"(","text":")" + text + "\"}");
  }

  // All messages that have come for @p who.
  std::vector<json> drain(client who) {
    std::vector<json> all;
    for (auto came = host.next(who); came.what == support::delivery::line; came = host.next(who))
      all.push_back(json::parse(came.text));
    return all;
  }

  std::size_t count(client who, const std::string& type) {
    const auto all = drain(who);
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const json& message) { return message.at("type") == type; }));
  }

  // Lets time pass, and does the turns that are asked for meanwhile. @return how many
  std::size_t pass(std::chrono::milliseconds time, std::chrono::milliseconds step = 100ms) {
    std::size_t turns = 0;
    for (auto left = time; left > 0ms; left -= step) {
      clock.advance(step);
      for (int i = 0; i < 1'000 && host.elapse(); ++i) ++turns;
    }
    return turns;
  }

  support::settable_clock clock;
  support::chat_of chat{"files"};
  chat::policy policy;
  support::memory_host host{policy, clock};
};

// Limits that a test reaches with few clients.
chat::service_limits small_limits() {
  chat::service_limits limits;
  limits.rate = 150;
  limits.burst = 600;
  limits.turn_work = 1'000;
  return limits;
}

}  // namespace

TEST_CASE("A bucket owes nothing until more than its capacity was taken", "[policy]") {
  chat::token_bucket bucket;
  jalon::steady_time now{1h};
  bucket.take(100, 10, now);
  CHECK(bucket.wait(100, 10, now) == 0s);
  bucket.take(5, 10, now);
  CHECK(bucket.wait(100, 10, now) == 500ms);
  now += 400ms;
  CHECK(bucket.wait(100, 10, now) == 100ms);
  now += 100ms;
  CHECK(bucket.wait(100, 10, now) == 0s);
  bucket.take(1, 10, now);
  CHECK(bucket.wait(100, 10, now) == 100ms);
}

TEST_CASE("A bucket that was left alone is full, and not more than full", "[policy]") {
  chat::token_bucket bucket;
  const jalon::steady_time much_later{24h};
  bucket.take(110, 10, much_later);
  CHECK(bucket.wait(100, 10, much_later) == 1s);
}

TEST_CASE("A cost or a rate without bounds neither overflows nor waits for ever", "[policy]") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  chat::token_bucket bucket;
  const jalon::steady_time now{1h};
  bucket.take(most, most, now);
  CHECK(bucket.wait(most, most, now) == 0s);
  bucket.take(most, 1, now);
  CHECK(bucket.wait(0, 1, now) > 24h * 300);
}

TEST_CASE("A hundred lines at once to a thousand users pass, and are not slowed", "[policy]") {
  limited_chat scene;
  const auto speaker = scene.enter("speaker");
  std::vector<limited_chat::client> others;
  for (int i = 0; i < 1'000; ++i) others.push_back(scene.enter("m" + std::to_string(i)));
  std::string lines;
  for (int i = 0; i < 100; ++i)
    lines += R"({"type":"msgall","text":")" + std::string(100, 'x') + "\"}\n";
  scene.host.send(speaker, lines);
  for (int turns = 0; turns < 10; ++turns) scene.host.elapse();  // no time passes
  CHECK(scene.count(others.front(), "msgall") == 100);
  CHECK(scene.count(others.back(), "msgall") == 100);
  CHECK(scene.host.log().empty());
}

TEST_CASE("A client that has asked for much is not read for a while; nothing is lost", "[policy]") {
  limited_chat scene(small_limits());
  const auto speaker = scene.enter("speaker");
  const auto other = scene.enter("other");
  std::string lines;
  for (int i = 0; i < 80; ++i)
    lines += R"({"type":"msg","to":"other","text":")" + std::to_string(i) + "\"}\n";
  scene.host.send(speaker, lines);
  const std::size_t at_once = scene.count(other, "msg");
  CHECK(at_once >= 29);
  CHECK(at_once < 37);
  scene.pass(1s);  // 150 tokens: a line costs 18
  const std::size_t in_a_second = scene.count(other, "msg");
  CHECK(in_a_second >= 6);
  CHECK(in_a_second <= 10);
  scene.pass(10s);
  CHECK(at_once + in_a_second + scene.count(other, "msg") == 80);
  CHECK(scene.count(speaker, "error") == 0);
}

TEST_CASE("The cost is in deliveries and bytes, not in requests", "[policy]") {
  const auto passed = [](std::size_t receivers, std::size_t bytes) {
    auto limits = small_limits();
    limits.burst = 300;
    limits.longest_wait = 1h;
    limited_chat scene(limits);
    const auto speaker = scene.enter("speaker");
    limited_chat::client last{};
    for (std::size_t i = 0; i < receivers; ++i) last = scene.enter("r" + std::to_string(i));
    std::string lines;
    for (int i = 0; i < 60; ++i)
      lines += R"({"type":"msgall","text":")" + std::string(bytes, 'x') + "\"}\n";
    scene.host.send(speaker, lines);
    return scene.count(last, "msgall");
  };
  CHECK(passed(1, 1) >= 15);
  CHECK(passed(30, 1) <= 8);
  CHECK(passed(1, 4'000) == 1);
}

TEST_CASE("A long line costs as much as a page of its length, whatever is in it", "[policy]") {
  const auto answered = [](const std::string& line) {
    auto limits = small_limits();
    limits.burst = 8'000;
    limits.longest_wait = 1h;
    limited_chat scene(limits);
    const auto client = scene.enter("ann");
    for (int i = 0; i < 10; ++i) scene.send(client, line);
    return scene.drain(client).size();
  };
  const auto numbers = [](const std::string& number, std::size_t count) {
    std::string line = R"({"type":"ping","x":[0)";
    for (std::size_t i = 0; i < count; ++i) line += "," + number;
    return line + "]}";
  };
  const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
  const std::string wide = R"({"type":"ping","x":")" + std::string(60'000, 'x') + "\"}";
  CHECK(answered(deep) == 2);
  CHECK(answered(wide) == 2);
  CHECK(answered(R"({"type":"ping"})") == 10);
  // To round a number of 20 digits takes a parser hundreds of times as long as one of 19.
  CHECK(answered(numbers("17976931348623158079e289", 40)) == 2);
  CHECK(answered(numbers("1797693134862315807e289", 40)) == 10);
}

TEST_CASE("A number that is slow to read is found wherever it stands", "[policy]") {
  const std::string number = GENERATE("12345678901234567890", "1.2345678901234567890",
                                      "123456789012345678901234567890123456789012345678");
  for (std::size_t before = 0; before < 45; ++before) {
    const std::string line = std::string(before, ' ') + number;
    CAPTURE(line);
    CHECK(chat::long_numbers(line) == 1);
    CHECK(chat::long_numbers(line + ",1," + number + "," + number + ",") == 3);
  }
  CHECK(chat::long_numbers("") == 0);
  CHECK(chat::long_numbers("1234567890123456789,1234567890123456789,1234567890123456789") == 0);
}

TEST_CASE("A line that is too long costs what it takes to read it", "[policy]") {
  limited_chat scene(small_limits());
  const auto client = scene.enter("ann");
  const std::string too_long(chat::max_line, 'x');
  for (int i = 0; i < 20; ++i) scene.send(client, too_long);
  CHECK(scene.count(client, "error") < 5);
  scene.pass(60s);
  CHECK(scene.count(client, "error") > 10);
}

TEST_CASE("A wait of more than five seconds is an error that says how long", "[policy]") {
  limited_chat scene(small_limits());
  const auto speaker = scene.enter("speaker");
  std::vector<limited_chat::client> others;
  for (int i = 0; i < 1'800; ++i) others.push_back(scene.enter("r" + std::to_string(i)));
  // More than 1,800: 600 are there, the others are owed, at 150 a second.
  scene.send(speaker, R"({"type":"msgall","text":"once"})");
  scene.send(speaker, R"({"type":"msgall","text":"twice","id":7})");
  auto answers = scene.drain(speaker);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].at("type") == "error");
  CHECK(answers[0].at("code") == "rate_limited");
  CHECK(answers[0].at("id") == 7);
  CHECK(answers[0].at("retry_after") >= 8);
  CHECK(answers[0].at("retry_after") <= 9);
  CHECK(scene.count(others.back(), "msgall") == 1);
  REQUIRE(scene.host.log().size() == 1);
  CHECK(scene.host.log()[0] == "a client asks for too much: speaker");

  // One answer a second at most, however many requests come.
  std::string pings;
  for (int i = 0; i < 100; ++i) pings += "{\"type\":\"ping\"}\n";
  scene.host.send(speaker, pings);
  scene.pass(5s);
  const std::size_t refused = scene.count(speaker, "error");
  CHECK(refused <= 6);
  scene.pass(60s);
  const auto rest = scene.drain(speaker);
  CHECK(refused + rest.size() == 100);
  CHECK(rest.back().at("type") == "pong");
}

TEST_CASE("Who reconnects owes what they owed before, also for the news that they left",
          "[policy]") {
  for (const std::string address : {"127.0.0.1", "192.0.2.1", "2001:db8::1"}) {
    auto limits = small_limits();
    limits.longest_wait = 1h;
    limited_chat scene(limits);
    std::vector<limited_chat::client> others;
    for (int i = 0; i < 100; ++i)
      others.push_back(scene.enter("r" + std::to_string(i), "10.0.0.1"));
    scene.pass(60s);
    for (const auto other : others) scene.drain(other);
    std::size_t heard = 0;
    for (int i = 0; i < 50; ++i) {
      const auto again = scene.enter("again", address);
      for (int k = 0; k < 10; ++k) scene.send(again, R"({"type":"msgall","text":"x"})");
      scene.host.disconnect(again);
      heard += scene.count(others[0], "msgall");
    }
    CAPTURE(address);
    CHECK(heard <= 600 / 110 + 1);
    // The debt is that of one address, and it is paid off.
    CHECK(scene.count(scene.connect("198.51.100.1"), "hello") == 1);
    scene.pass(20s);
    const auto later = scene.enter("later", address);
    scene.send(later, R"({"type":"msgall","text":"x"})");
    CHECK(scene.count(others[0], "msgall") == 1);
  }
}

TEST_CASE("To leave a large room costs the next one from that address what to stay would",
          "[policy]") {
  auto limits = small_limits();
  limits.longest_wait = 1h;
  limited_chat scene(limits);
  const auto host = scene.enter("host", "10.0.0.1");
  scene.join(host, "create", "large");
  for (int i = 0; i < 200; ++i)
    scene.join(scene.enter("m" + std::to_string(i), "10.0.0.1"), "join", "large");
  scene.pass(300s);
  scene.drain(host);
  std::size_t told = 0;
  for (int i = 0; i < 50; ++i) {
    const auto again = scene.enter("again", "192.0.2.1");
    scene.join(again, "join", "large");
    scene.host.disconnect(again);
    told += scene.drain(host).size();
  }
  CHECK(told >= 2);
  CHECK(told <= 6);
}

TEST_CASE("What is remembered of an address is forgotten when its bucket is full", "[policy]") {
  chat::address_debts debts;
  const jalon::steady_time now{1h};
  const auto address = [](unsigned char last) {
    chat::address_limit::key key{};
    key[15] = last;
    return key;
  };
  debts.add(address(1), chat::token_bucket::full_from(now + 5s), now);
  debts.add(address(1), chat::token_bucket::full_from(now + 3s), now);  // the emptiest counts
  debts.add(address(2), chat::token_bucket::full_from(now + 9s), now);
  CHECK(debts.bucket_for(address(1)).full_at() == now + 5s);
  debts.add(address(3), chat::token_bucket::full_from(now + 6s), now + 6s);
  CHECK(debts.size() == 1);
  CHECK(debts.bucket_for(address(2)).full_at() == now + 9s);
  CHECK(debts.bucket_for(address(1)).full_at() == jalon::steady_time{});
}

TEST_CASE("Work beyond a turn's is held for later turns, in the order of each client", "[policy]") {
  chat::service_limits limits;
  limits.turn_work = 50;
  limited_chat scene(limits);
  std::vector<limited_chat::client> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(scene.enter("c" + std::to_string(i)));
  const auto watcher = scene.enter("watcher");
  for (const auto member : crowd) scene.drain(member);
  // In one turn each of them speaks to all, and then to the watcher.
  for (const auto member : crowd) {
    scene.host.send(member,
                    "{\"type\":\"msgall\",\"text\":\"first\"}\n"
                    "{\"type\":\"msg\",\"to\":\"watcher\",\"text\":\"second\"}\n");
  }
  std::size_t turns = 0;
  while (turns < 10'000 && scene.host.elapse()) ++turns;
  std::map<std::string, std::vector<std::string>> heard;
  for (const auto& message : scene.drain(watcher))
    heard[message.at("from")].push_back(message.at("type"));
  CHECK(heard.size() == 100);
  for (const auto& [who, types] : heard) CHECK(types == std::vector<std::string>{"msgall", "msg"});
}

namespace {

// Gives many events to a policy in one turn; memory_host ends the turn after each of them.
class crowded_turn {
 public:
  explicit crowded_turn(limited_chat& scene) : scene_(scene), out_(scene.clock) {}

  void receive(limited_chat::client from, const std::string& line) {
    scene_.policy.received(from, line, out_);
  }
  void disconnect(limited_chat::client who) {
    scene_.policy.disconnected(who, jalon::departure::broken, out_);
  }

  // Ends the turn, and starts the next. @return what was sent in it, in order
  std::vector<jalon::actions::send_frame> end() {
    scene_.policy.end_of_turn(out_);
    std::vector<jalon::actions::send_frame> sent;
    wakes_ = false;
    frames_.clear();
    for (std::size_t i = 0; i < out_.size(); ++i) {
      if (std::holds_alternative<jalon::actions::wake>(out_[i])) wakes_ = true;
      if (const auto* const frame = std::get_if<jalon::actions::send_frame>(&out_[i])) {
        sent.push_back(*frame);
        frames_.emplace_back(out_.frame(*frame));
      }
    }
    out_.clear();
    if (wakes_) scene_.policy.elapsed(scene_.clock(), out_);
    return sent;
  }

  // Whether another turn was asked for, at once.
  bool wakes() const { return wakes_; }

  // The text of what was sent in the last turn.
  const std::vector<std::string>& frames() const { return frames_; }

  // Whether @p text was in it.
  bool has_sent(const std::string& text) const {
    return std::any_of(frames_.begin(), frames_.end(), [&](const std::string& frame) {
      return frame.find(text) != std::string::npos;
    });
  }

 private:
  limited_chat& scene_;
  jalon::actions out_;
  bool wakes_ = false;
  std::vector<std::string> frames_;
};

std::size_t deliveries(const std::vector<jalon::actions::send_frame>& sent) {
  std::size_t sum = 0;
  for (const auto& frame : sent) sum += frame.count;
  return sum;
}

// A room of so many members, and two who talk in another.
struct rooms {
  rooms(limited_chat& scene, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      members.push_back(scene.enter("m" + std::to_string(i)));
      scene.join(members.back(), i == 0 ? "create" : "join", "large");
    }
    talker = scene.enter("talker");
    scene.join(talker, "create", "small");
    scene.join(scene.enter("listener"), "join", "small");
    for (int i = 0; i < 50; ++i) scene.say(talker, "small", "before");
    scene.pass(10s);
  }

  std::vector<limited_chat::client> members;
  limited_chat::client talker{};
};

const std::string talk = R"({"type":"say","channel":"small","text":"now"})";

}  // namespace

TEST_CASE("When a large room empties at once, a turn tells a bounded part of it", "[policy]") {
  for (const std::size_t size : {30U, 300U}) {
    chat::service_limits limits;
    limits.turn_work = 1'000;
    limits.burst = 1'000'000;
    limited_chat scene(limits);
    const rooms rooms(scene, size);
    crowded_turn turn(scene);
    for (const auto member : rooms.members) turn.disconnect(member);
    turn.receive(rooms.talker, talk);
    std::size_t largest = 0;
    std::size_t in_all = 0;
    std::size_t turns = 0;
    do {
      const auto told = deliveries(turn.end());
      // Who talks elsewhere is heard in the first turn.
      if (turns++ == 0) CHECK(turn.has_sent("now"));
      largest = std::max(largest, told);
      in_all += told;
    } while (turn.wakes() && turns < 1'000);
    CAPTURE(size, turns);
    CHECK(in_all == size * (size - 1) / 2 + 1);
    CHECK(largest <= limits.turn_work + 2 * size);
  }
}

TEST_CASE("When all leave a large room by request, those elsewhere go first", "[policy]") {
  for (const std::size_t size : {30U, 300U}) {
    chat::service_limits limits;
    limits.turn_work = 3 * size;
    limits.burst = 1'000'000;
    limited_chat scene(limits);
    const rooms rooms(scene, size);
    crowded_turn turn(scene);
    for (const auto member : rooms.members)
      turn.receive(member, R"({"type":"leave","channel":"large"})");
    turn.receive(rooms.talker, talk);
    std::size_t largest = 0;
    std::size_t in_all = 0;
    std::size_t turns = 0;
    std::size_t heard_in = 0;
    do {
      const auto told = deliveries(turn.end());
      ++turns;
      if (turn.has_sent("now")) heard_in = turns;
      largest = std::max(largest, told);
      in_all += told;
    } while (turn.wakes() && turns < 10'000);
    CAPTURE(size, turns);
    CHECK(heard_in == 1);
    CHECK(in_all == size * (size - 1) / 2 + size + 1);
    CHECK(largest <= limits.turn_work + 2 * size);
  }
}

TEST_CASE("No history hides what a request can cause from those who ask for little", "[policy]") {
  const std::string text(900, 'x');
  for (const std::string& dear :
       {R"({"type":"msgall","text":")" + text + "\"}",
        R"({"type":"msgall","text":")" + text + text + "\"}",
        R"({"type":"say","channel":"large","text":")" + text + "\"}",
        std::string(R"({"type":"who"})"), std::string(R"({"type":"members","channel":"large"})"),
        std::string(R"({"type":"join","channel":"small"})"),
        std::string(R"({"type":"create","channel":"own"})")}) {
    for (const std::size_t attackers : {30U, 300U}) {
      chat::service_limits limits;
      limits.turn_work = 4'000;
      limits.burst = 10'000'000;
      limited_chat scene(limits);
      const rooms rooms(scene, 300);
      const auto newcomer = scene.connect();
      const auto nameless = scene.connect();
      std::string pings;
      for (int i = 0; i < 70; ++i) pings += "{\"type\":\"ping\"}\n";
      for (std::size_t i = 0; i < attackers; ++i) scene.host.send(rooms.members[i], pings);
      crowded_turn turn(scene);
      for (std::size_t i = 0; i < attackers; ++i) turn.receive(rooms.members[i], dear);
      turn.receive(rooms.talker, talk);
      turn.receive(newcomer, R"({"type":"nick","nick":"newcomer"})");
      turn.receive(nameless, R"({"type":"ping","id":"small"})");
      CAPTURE(dear.substr(0, 30), attackers);
      turn.end();
      CHECK(turn.has_sent(R"("text":"now")"));
      CHECK(turn.has_sent(R"({"type":"welcome","nick":"newcomer"})"));
      CHECK(turn.has_sent(R"("id":"small")"));
      CHECK(turn.frames().size() < 200);
    }
  }
}

TEST_CASE("What is said of a request's reach is at least what it reaches", "[policy]") {
  limited_chat scene;
  const rooms rooms(scene, 30);
  for (const std::string line :
       {R"({"type":"msgall","text":"x"})", R"({"type":"say","channel":"large","text":"x"})",
        R"({"type":"nick","nick":"other"})", R"({"type":"who"})", R"({"type":"channels"})",
        R"({"type":"members","channel":"large"})", R"({"type":"join","channel":"small"})",
        R"({"type":"join","channel":"large"})", R"({"type":"leave","channel":"large"})",
        R"({"type":"create","channel":"new"})", R"({"type":"msg","to":"m1","text":"x"})",
        R"({"type":"whois","nick":"m1"})", R"({"type":"ping"})", "no JSON", R"({"type":7})"}) {
    CAPTURE(line);
    chat::router& router = scene.chat.router();
    const chat::reach said = router.reach_of(rooms.members[5], line);
    jalon::actions out(scene.clock);
    router.received(rooms.members[5], line, out);
    std::size_t others = 0;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (const auto* const frame = std::get_if<jalon::actions::send_frame>(&out[i])) {
        others += frame->count;
        longest = std::max(longest, out.frame(*frame).size());
      }
    }
    CHECK(said.clients + 1 >= others);
    CHECK(said.answer_bytes + 200 >= longest);
  }
}

TEST_CASE("What a client has asked for is done before it is gone", "[policy]") {
  chat::service_limits limits;
  limits.turn_work = 20;
  limited_chat scene(limits);
  const rooms rooms(scene, 30);
  crowded_turn turn(scene);
  for (const auto member : rooms.members) {
    turn.receive(member, R"({"type":"msg","to":"talker","text":"the last"})");
    turn.disconnect(member);
  }
  std::size_t heard = 0;
  for (int turns = 0; turns < 1'000; ++turns) {
    turn.end();
    heard += static_cast<std::size_t>(std::count_if(
        turn.frames().begin(), turn.frames().end(),
        [](const std::string& frame) { return frame.find("the last") != frame.npos; }));
    if (!turn.wakes()) break;
  }
  CHECK(heard == 30);
  scene.send(rooms.talker, R"({"type":"who","id":1})");
  CHECK(scene.drain(rooms.talker).back().at("users") == json{"listener", "talker"});
}

TEST_CASE("A nick is free and its owner gone, though the news of the departure waits", "[policy]") {
  chat::service_limits limits;
  limits.turn_work = 3'000;
  limits.burst = 1'000'000;
  limited_chat scene(limits);
  const rooms rooms(scene, 300);
  crowded_turn turn(scene);
  for (const auto member : rooms.members) turn.disconnect(member);
  turn.receive(rooms.talker, R"({"type":"msg","to":"m298","text":"still there?"})");
  turn.receive(rooms.talker, R"({"type":"nick","nick":"M299"})");
  std::vector<std::string> sent;
  do {
    turn.end();
    sent.insert(sent.end(), turn.frames().begin(), turn.frames().end());
  } while (turn.wakes());
  const auto place = [&](const std::string& text) {
    return std::find_if(sent.begin(), sent.end(),
                        [&](const std::string& frame) { return frame.find(text) != frame.npos; }) -
           sent.begin();
  };
  CHECK(place("m298") < place("no_such_nick"));
  CHECK(place("m299") < place(R"({"type":"welcome","nick":"M299"})"));
  CHECK(place("M299") < place("m200"));
  // Each news came once; nobody was left to hear of the last one.
  CHECK(std::count_if(sent.begin(), sent.end(), [](const std::string& frame) {
          return frame.find(R"("type":"left")") != frame.npos;
        }) == 299);
  scene.send(rooms.talker, R"({"type":"who"})");
  CHECK(scene.drain(rooms.talker).back().at("users") == json{"listener", "M299"});
}

TEST_CASE("Who asks for somebody who has left does not pay for the news", "[policy]") {
  chat::service_limits limits;
  limits.turn_work = 1'000;
  limits.burst = 500;
  limits.rate = 500;
  limits.longest_wait = 1h;
  limited_chat scene(limits);
  const rooms rooms(scene, 300);
  scene.pass(1h, 1h);
  crowded_turn turn(scene);
  for (const auto member : rooms.members) turn.disconnect(member);
  turn.receive(rooms.talker, R"({"type":"msg","to":"m299","text":"still there?"})");
  turn.end();
  scene.drain(rooms.talker);
  for (int i = 0; i < 10; ++i) scene.send(rooms.talker, R"({"type":"ping"})");
  CHECK(scene.count(rooms.talker, "pong") == 10);
}

TEST_CASE("A last request that waits is done before its sender's nick is free", "[policy]") {
  chat::service_limits limits;
  limits.turn_work = 16;
  limited_chat scene(limits);
  const rooms rooms(scene, 30);
  crowded_turn turn(scene);
  for (const auto member : rooms.members)
    turn.receive(member, R"({"type":"msg","to":"m29","text":"to one who leaves"})");
  turn.disconnect(rooms.members.back());
  // Its own line is one of those that wait, and names itself.
  std::size_t turns = 0;
  do turn.end();
  while (turn.wakes() && ++turns < 1'000);
  scene.send(rooms.talker, R"({"type":"nick","nick":"m29"})");
  CHECK(scene.drain(rooms.talker).back().at("type") == "welcome");
}

TEST_CASE("After a held line that was dear, a client is told to wait, not left unread",
          "[policy]") {
  chat::service_limits limits;
  limits.turn_work = 20;
  limits.rate = 1;
  limits.burst = 50;
  limited_chat scene(limits);
  for (int i = 0; i < 100; ++i) scene.enter("c" + std::to_string(i));
  const auto speaker = scene.enter("speaker");
  scene.host.send(speaker,
                  "{\"type\":\"ping\"}\n"
                  "{\"type\":\"msgall\",\"text\":\"held\"}\n"
                  "{\"type\":\"ping\"}\n");
  scene.pass(1s);
  const auto answers = scene.drain(speaker);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].at("type") == "pong");
  CHECK(answers[1].at("code") == "rate_limited");
}

TEST_CASE("The lines that are held are bounded, and a request beyond is refused", "[policy]") {
  chat::service_limits limits;
  limits.turn_work = 20;
  limits.held_bytes = 500;
  limited_chat scene(limits);
  const rooms rooms(scene, 30);
  crowded_turn turn(scene);
  for (const auto member : rooms.members)
    turn.receive(member, R"({"type":"msg","to":"talker","text":"much","id":8})");
  turn.receive(rooms.talker, R"({"id":9,"type":"ping","x":")" + std::string(2'000, 'x') + "\"}");
  turn.end();
  std::size_t refused = 0;
  std::size_t with_id = 0;
  for (const auto& frame : turn.frames()) {
    if (frame.find("rate_limited") == frame.npos) continue;
    // It is not said that this client asks for too much, for it does not.
    CHECK(frame.find("the server has too much to do") != frame.npos);
    refused += 1;
    with_id += frame.find(R"("id":8)") != frame.npos ? 1 : 0;
    CHECK(frame.find(R"("id":9)") == frame.npos);  // it would take long to find
  }
  CHECK(with_id + 1 == refused);
  CHECK(refused > 10);
  CHECK(refused < 25);
}

TEST_CASE("To refuse long lines is work of a turn, too", "[policy]") {
  chat::service_limits limits;
  limits.turn_work = 100'000;
  limits.burst = 5'000;
  limits.rate = 1;
  limited_chat scene(limits);
  std::vector<limited_chat::client> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(scene.enter("c" + std::to_string(i)));
  const std::string line = R"({"type":"ping","x":")" + std::string(60'000, 'x') + "\"}";
  for (const auto member : crowd) {
    scene.send(member, line);
    scene.send(member, line);
  }
  scene.pass(2s);
  crowded_turn turn(scene);
  for (const auto member : crowd) turn.receive(member, line);
  std::size_t turns = 0;
  do {
    turn.end();
    CHECK(turn.frames().size() <= 100'000 / 7'500 + 2);
  } while (turn.wakes() && ++turns < 100);
  CHECK(turns >= 3);
}

TEST_CASE("Without limits nothing is held, refused or closed", "[policy]") {
  limited_chat scene(chat::service_limits::none());
  const rooms rooms(scene, 200);
  const auto silent = scene.connect("192.0.2.1");
  crowded_turn turn(scene);
  for (int i = 0; i < 20; ++i) {
    for (const auto member : rooms.members)
      turn.receive(member, R"({"type":"say","channel":"large","text":"x"})");
  }
  CHECK(deliveries(turn.end()) == std::size_t{20} * 200 * 199);
  CHECK_FALSE(turn.wakes());
  scene.pass(24h, 1h);
  CHECK(scene.host.is_open(silent));
}

TEST_CASE("Who takes no nick in time is told so and closed", "[policy]") {
  limited_chat scene;
  const auto silent = scene.connect("192.0.2.1");
  const auto named = scene.enter("ann", "192.0.2.1");
  const auto mapped = scene.connect("::ffff:192.0.2.1");
  const auto local = scene.connect("127.0.0.1");
  const auto local_too = scene.connect("::1");
  const auto mapped_local = scene.connect("::ffff:127.0.0.1");
  scene.pass(119s, 1s);
  CHECK(scene.host.is_open(silent));
  scene.pass(2s, 1s);
  CHECK_FALSE(scene.host.is_open(silent));
  CHECK_FALSE(scene.host.is_open(mapped));
  CHECK(scene.drain(silent).back().at("code") == "login_timeout");
  for (const auto stays : {named, local, local_too, mapped_local}) CHECK(scene.host.is_open(stays));
  REQUIRE(scene.host.log().size() == 2);
  CHECK(scene.host.log()[0] == "a client has taken no nick in time: -");
}

TEST_CASE("A nick that is taken late, or a departure, ends the wait", "[policy]") {
  limited_chat scene;
  const auto late = scene.connect("192.0.2.1");
  const auto gone = scene.connect("192.0.2.1");
  scene.pass(100s, 10s);
  scene.send(late, R"({"type":"nick","nick":"late"})");
  scene.host.disconnect(gone);
  scene.pass(100s, 10s);
  CHECK(scene.host.is_open(late));
  CHECK(scene.host.log().empty());
  CHECK(scene.host.strays() == 0);
}

TEST_CASE("A server without users expects no nick", "[policy]") {
  support::settable_clock clock;
  chat::router router;
  chat::session session(router, "test");
  chat::policy policy(router, {});
  support::memory_host host(policy, clock);
  const auto silent = host.connect(from_address("192.0.2.1"));
  clock.advance(1h);
  host.elapse();
  CHECK(host.is_open(silent));
}

TEST_CASE("An address has a bounded number of connections", "[policy]") {
  chat::service_limits limits;
  limits.connections_per_address = 3;
  limited_chat scene(limits);
  const auto open_from = [&](const std::string& address) {
    return scene.host.is_open(scene.connect(address));
  };
  const auto first = scene.enter("ann", "192.0.2.1");
  CHECK(open_from("192.0.2.1"));
  CHECK(open_from("::ffff:192.0.2.1"));  // the same address
  const auto refused = scene.connect("192.0.2.1");
  CHECK_FALSE(scene.host.is_open(refused));
  const auto told = scene.drain(refused);
  REQUIRE(told.size() == 1);
  CHECK(told[0].at("code") == "too_many_connections");
  REQUIRE(scene.host.log().size() == 1);
  CHECK(scene.host.log()[0] == "an address has too many connections: -");

  CHECK(open_from("192.0.2.2"));
  scene.host.disconnect(first);
  CHECK(open_from("192.0.2.1"));
  CHECK_FALSE(open_from("192.0.2.1"));
  for (int i = 0; i < 10; ++i) CHECK(open_from("127.0.0.1"));
}

TEST_CASE("A connection counts for its address until its socket is closed", "[policy]") {
  chat::service_limits limits;
  limits.connections_per_address = 2;
  limited_chat scene(limits);
  scene.host.linger();
  const auto first = scene.connect("192.0.2.1");
  const auto second = scene.connect("192.0.2.1");
  scene.send(first, R"({"type":"quit"})");
  scene.host.disconnect(second);
  CHECK(scene.drain(scene.connect("192.0.2.1")).back().at("code") == "too_many_connections");
  scene.host.release(first);
  CHECK(scene.drain(scene.connect("192.0.2.1")).back().at("type") == "hello");
  CHECK(scene.drain(scene.connect("192.0.2.1")).back().at("code") == "too_many_connections");
}

TEST_CASE("Of IPv6 a network of 64 bits counts as one address", "[policy]") {
  chat::service_limits limits;
  limits.connections_per_address = 2;
  limited_chat scene(limits);
  const auto open_from = [&](const std::string& address) {
    return scene.host.is_open(scene.connect(address));
  };
  CHECK(open_from("2001:db8:1:2::1"));
  CHECK(open_from("2001:db8:1:2:ffff::9"));
  CHECK_FALSE(open_from("2001:db8:1:2::3"));
  CHECK(open_from("2001:db8:1:3::1"));
  INFO("link-local addresses, and those of IPv4 behind NAT64, count one by one");
  for (const std::string peer : {"fe80::1%1", "fe80::2%1", "fe80::1%2", "64:ff9b::192.0.2.2"}) {
    CAPTURE(peer);
    CHECK(open_from(peer));
    CHECK(open_from(peer));
    CHECK_FALSE(open_from(peer));
  }
  CHECK(open_from("64:ff9b::192.0.2.1"));
  CHECK(open_from("192.0.2.1"));
  CHECK_FALSE(open_from("::ffff:192.0.2.1"));
  for (int i = 0; i < 5; ++i) CHECK(open_from("::1"));
}

namespace {

// What the codec makes of @p bytes, which come in pieces of @p piece bytes.
std::vector<std::string> decode(const std::string& bytes, std::size_t piece) {
  chat::guarded_line_codec codec(chat::max_line);
  jalon::buffer in;
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    in.append(bytes.substr(at, piece));
    while (const auto frame = codec.next(in)) {
      frames.push_back(frame->error ? '<' + frame->error.message() + '>'
                                    : std::string(frame->payload));
      if (frame->error) return frames;  // it closes the connection
    }
  }
  return frames;
}

}  // namespace

TEST_CASE("An HTTP request or a TLS greeting is recognised, whatever its pieces", "[policy]") {
  const std::string body = "{\"type\":\"nick\",\"nick\":\"evil\"}\n";
  for (const std::size_t piece : {1U, 2U, 7U, 100'000U}) {
    CAPTURE(piece);
    for (const std::string start : {"GET / HTTP/1.1", "POST /chat HTTP/1.0", "OPTIONS * HTTP/1.1",
                                    "GET http://example.org/ HTTP/1.1", "PRI * HTTP/2.0"})
      CHECK(decode(start + "\r\nHost: a\r\n\r\n" + body, piece) ==
            std::vector<std::string>{"<HTTP>"});
    CHECK(decode("POST /" + std::string(70'000, 'a') + " HTTP/1.1\r\n\r\n" + body, piece) ==
          std::vector<std::string>{"<HTTP>"});
    CHECK(decode("\x16\x03\x01" + std::string("\x00\x05\n\n\n{}\n", 8), piece) ==
          std::vector<std::string>{"<TLS>"});
  }
}

TEST_CASE("An unusual HTTP request is recognised too", "[policy]") {
  for (const std::size_t piece : {1U, 7U, 100'000U}) {
    CAPTURE(piece);
    for (const std::string start :
         {"CONNECT a:80 HTTP/1.1", "get / HTTP/1.1", "POST  / HTTP/1.1", "POST\t/ HTTP/1.1",
          "m-search x HTTP/1.1", "anything but json HTTP/2", " GET x http/1.0", "PATCH /"}) {
      CAPTURE(start);
      CHECK(decode(start + "\r\n\r\n{}\n", piece) == std::vector<std::string>{"<HTTP>"});
    }
    CHECK(decode("\n \nput x HTTP/1.1\n{}\n", piece) ==
          std::vector<std::string>{"", " ", "<HTTP>"});
  }
}

TEST_CASE("An HTTP request whose first line is too long is recognised too", "[policy]") {
  const std::string path = "/" + std::string(70'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n{}\n";
  for (const std::size_t piece : {7U, 16'384U, 100'000U}) {
    CAPTURE(piece);
    for (const std::string& start :
         {std::string("FooBar "), std::string(70, 'M') + ' ', std::string(80, ' ') + "GET ",
          "GET" + std::string(100, ' '), "\r\n\n " + std::string(70, 'm') + '\t',
          std::string(70'000, ' ') + "GET "}) {
      CAPTURE(start.substr(0, 10));
      const auto frames = decode(start + path, piece);
      REQUIRE_FALSE(frames.empty());
      CHECK(frames.back() == "<HTTP>");
      for (std::size_t i = 0; i + 1 < frames.size(); ++i) CHECK(frames[i].empty());
    }
  }
}

TEST_CASE("A first line that is only too long is no HTTP", "[policy]") {
  const std::string much(70'000, 'x');
  for (const std::string& line :
       {much, R"({"type":"ping", "x": "GET / )" + much + R"("})", "[ \"" + much, "\"a b" + much}) {
    const auto frames = decode(line + "\n", 16'384);
    REQUIRE(frames.size() == 1);
    CHECK(frames[0] != "<HTTP>");
  }
}

TEST_CASE("No JSON is taken for HTTP, whatever it says", "[policy]") {
  for (const std::string line :
       {R"({"text":"GET / HTTP/1.1"})", R"({"text" : "a HTTP/1 "})", R"("GET / HTTP/1.1")",
        R"([ "HTTP/1" ])", "true", "HTTP/1.1", " HTTP/1.1", "hello /there", "x HTTP/"}) {
    CHECK(decode(line + "\n", 1) == std::vector<std::string>{line});
  }
}

TEST_CASE("Only the first line may be a foreign one", "[policy]") {
  for (const std::size_t piece : {1U, 3U, 1'000U}) {
    CHECK(decode("{}\nGET / HTTP/1.1\n", piece) ==
          std::vector<std::string>{"{}", "GET / HTTP/1.1"});
    CHECK(decode("HELLO\nHELLO WORLD\n", piece) ==
          std::vector<std::string>{"HELLO", "HELLO WORLD"});
    CHECK(decode("\x16\n\n", piece) == std::vector<std::string>{"\x16", ""});
  }
}

TEST_CASE("A foreign protocol is answered once and closed; the log says why", "[policy]") {
  limited_chat scene;
  const auto page = scene.connect("192.0.2.1");
  scene.drain(page);
  jalon::actions out;
  scene.policy.malformed(page, chat::foreign_protocol::http, out);
  scene.host.apply(out);
  CHECK_FALSE(scene.host.is_open(page));
  const auto told = scene.drain(page);
  REQUIRE(told.size() == 1);
  CHECK(told[0].at("code") == "bad_json");
  REQUIRE(scene.host.log().size() == 1);
  CHECK(scene.host.log()[0] == "a client speaks HTTP: -");
}
