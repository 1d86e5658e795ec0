// The log of a server: the first event of a kind at once, the others counted.
#include "program/event_log.hpp"

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "support/settable_clock.hpp"

using namespace std::chrono_literals;

namespace {

// A log that writes into a list, and whoever calls it when it asks for that.
struct log_scene {
  void advance(std::chrono::milliseconds by) {
    clock.advance(by);
    if (!wake || *wake > clock()) return;
    wake.reset();
    log->expire();
  }

  std::vector<std::string> lines;
  support::settable_clock clock;
  std::optional<jalon::steady_time> wake;
  std::optional<program::event_log> log{std::in_place,
                                        [this](std::string_view line) { lines.emplace_back(line); },
                                        clock, [this](jalon::steady_time when) { wake = when; }};
};

using log_lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a log prints the first event of a kind at once, and the number of the others") {
  log_scene s;
  s.log->add("a client does not read", "ann, 192.0.2.1:1: 5 bytes wait");
  CHECK(s.lines == log_lines{"a client does not read: ann, 192.0.2.1:1: 5 bytes wait"});
  for (int i = 0; i < 10; ++i) {
    s.advance(900ms);
    s.log->add("a client does not read", "client " + std::to_string(i));
  }
  CHECK(s.lines.size() == 1);
  s.advance(1s);
  CHECK(s.lines.size() == 2);
  CHECK(s.lines.back() == "10 more like it: a client does not read; the last: client 9");
  INFO("after the period the next one is printed at once again");
  s.log->add("a client does not read", "bob");
  CHECK(s.lines.back() == "a client does not read: bob");
}

TEST_CASE("a log counts each kind of event by itself") {
  log_scene s;
  s.log->add("one", "1");
  s.advance(4s);
  s.log->add("two", "2");
  s.log->add("one", "3");
  s.log->add("two", "4");
  CHECK(s.lines == log_lines{"one: 1", "two: 2"});
  s.advance(6s);
  CHECK(s.lines == log_lines{"one: 1", "two: 2", "1 more like it: one; the last: 3"});
  s.advance(4s);
  CHECK(s.lines.size() == 4);
  CHECK(s.lines.back() == "1 more like it: two; the last: 4");
}

TEST_CASE("a log that has counted nothing more says nothing more") {
  log_scene s;
  s.log->add("one", "1");
  s.advance(10s);
  s.advance(1h);
  CHECK(s.lines == log_lines{"one: 1"});
  CHECK_FALSE(s.wake);
  s.log.reset();
  CHECK(s.lines == log_lines{"one: 1"});
}

TEST_CASE("a log that nobody wakes tells at the next event") {
  log_scene s;
  s.log->add("one", "1");
  s.log->add("one", "2");
  s.clock.advance(10s);
  s.log->add("two", "3");
  CHECK(s.lines == log_lines{"one: 1", "1 more like it: one; the last: 2", "two: 3"});
}

TEST_CASE("a log that ends tells what it has counted") {
  log_scene s;
  s.log->add("one", "1");
  s.log->add("one", "2");
  s.log->add("one", "3");
  s.log.reset();
  CHECK(s.lines == log_lines{"one: 1", "2 more like it: one; the last: 3"});
}

TEST_CASE("a log asks for one call a period, however many events there are") {
  std::vector<std::string> lines;
  int calls = 0;
  support::settable_clock clock;
  program::event_log log([&](std::string_view line) { lines.emplace_back(line); }, clock,
                         [&](jalon::steady_time) { ++calls; });
  for (int i = 0; i < 1'000; ++i) log.add("one", std::to_string(i));
  CHECK(calls == 1);
  CHECK(lines.size() == 1);
}
