// The conformance suite: every dialogue of tests/dialogues, on four hosts, in three paces.
// With JALON_TRANSCRIPTS=FOLDER what really was said is written there, one file a dialogue.
#include "support/dialogue.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/poller.hpp>
#include <jalon/reactor.hpp>

#include "catch.hpp"
#include "support/memory_host.hpp"
#include "support/milestones.hpp"
#include "support/player.hpp"
#include "support/socket_host.hpp"

#ifdef JALON_EXAMPLES_WITH_ASIO
#include <jalon/asio_loop.hpp>
#endif

namespace {

using support::dialogue;
using support::pace;

const std::vector<std::string>& hosts() {
  static const std::vector<std::string> all{
      "memory",
      "poll",
#ifdef __linux__
      "epoll",
#endif
#ifdef JALON_EXAMPLES_WITH_ASIO
      "asio",
#endif
  };
  return all;
}

const std::vector<dialogue>& dialogues() {
  static const auto all = [] {
    std::vector<dialogue> read;
    for (const auto& entry :
         std::filesystem::directory_iterator(JALON_SOURCE_DIR "/tests/dialogues")) {
      if (entry.path().extension() != ".dialogue") continue;
      std::ifstream file(entry.path());
      read.push_back(support::parse_dialogue(file, entry.path().stem()));
    }
    std::sort(read.begin(), read.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return read;
  }();
  return all;
}

// Calls @p visit with the loop of this name. @return what it returns
template <class Visit>
auto with_loop(const std::string& name, Visit visit) {
  if (name == "poll") {
    jalon::reactor loop(jalon::poll_poller{});
    return visit(loop);
  }
#ifdef __linux__
  if (name == "epoll") {
    jalon::reactor loop(jalon::epoll_poller{});
    return visit(loop);
  }
#endif
#ifdef JALON_EXAMPLES_WITH_ASIO
  if (name == "asio") {
    asio::io_context context;
    jalon::asio_loop loop(context);
    return visit(loop);
  }
#endif
  throw std::runtime_error("no loop: " + name);
}

// What was said. Throws the story if it was not what the script says.
std::string play(const dialogue& script, const std::string& on, pace how = pace::as_written) {
  return support::with_milestone(script.milestone, [&](auto& service) {
    if (on == "memory") {
      support::memory_host host(service);
      return support::player(script, host, how).play();
    }
    return with_loop(on, [&](auto& loop) {
      support::socket_host host(loop, service);
      return support::player(script, host, how).play();
    });
  });
}

// The story of a script that fails; empty if it does not.
std::string story_of(const std::string& steps, const std::string& host) {
  std::istringstream text(steps);
  try {
    play(support::parse_dialogue(text, "a script"), host);
  } catch (const std::runtime_error& failure) {
    return failure.what();
  }
  return {};
}

void write_transcript(const dialogue& script, const std::string& transcript) {
  const char* const folder = std::getenv("JALON_TRANSCRIPTS");
  if (folder == nullptr) return;
  std::ofstream file(std::string(folder) + "/" + script.name + ".transcript", std::ios::binary);
  file << "milestone " << script.milestone << '\n' << transcript;
  REQUIRE(file.flush().good());
}

void play_everywhere(pace how) {
  for (const dialogue& script : dialogues()) {
    DYNAMIC_SECTION(script.name) {
      const std::string due = play(script, "memory");
      for (const auto& host : hosts()) {
        INFO("on " << host);
        REQUIRE(play(script, host, how) == due);
      }
      write_transcript(script, due);
    }
  }
}

}  // namespace

TEST_CASE("every dialogue has the same transcript in memory and over sockets on every loop") {
  REQUIRE(dialogues().size() > 50);
  play_everywhere(pace::as_written);
}

TEST_CASE("every dialogue has that transcript when what clients send comes byte by byte") {
  play_everywhere(pace::one_byte);
}

TEST_CASE("every dialogue has that transcript when what a client sends comes all at once") {
  play_everywhere(pace::joined);
}

TEST_CASE("what is sent byte by byte over sockets is read byte by byte") {
  const auto name = GENERATE(from_range(hosts()));
  if (name == "memory") return;
  INFO("on " << name);
  with_loop(name, [](auto& loop) {
    std::size_t reads = 0;
    loop.set_trace([&](std::string_view line) { reads += line.find("read 1 bytes") != line.npos; });
    echo_server::echo_service echo;
    support::socket_host host(loop, echo);
    const auto who =
        host.connect(jalon::endpoint::loopback(52'322), [](std::uint16_t) { return false; });
    for (int i = 0; i < 100; ++i) host.send(who, "x");
    loop.set_trace({});
    CHECK(reads == 100);
  });
}

// The suite would be worth nothing if a wrong server passed it.

TEST_CASE("a dialogue fails with its story when a client gets something else") {
  for (const auto& host : hosts()) {
    DYNAMIC_SECTION("on " << host) {
      const std::string story = story_of(
          "milestone users\n"
          "alice ++\n"
          "alice > {\"type\":\"ping\",\"id\":1}\n"
          "alice < {\"type\":\"pong\",\"id\":2}\n",
          host);
      CHECK(story ==
            "a script:4\n"
            "      alice + 127.0.0.1:50001\n"
            "      alice < {\"type\":\"hello\",\"protocol\":1,\"server\":\"jalon "
            "0.1.0\",\"features\":"
            "[\"users\"],\"limits\":{\"line\":65536,\"text\":4096,\"nick\":32,\"channel\":32}}\n"
            "      alice > {\"type\":\"nick\",\"nick\":\"alice\"}\n"
            "      alice < {\"type\":\"welcome\",\"nick\":\"alice\"}\n"
            "      alice > {\"type\":\"ping\",\"id\":1}\n"
            "due:  alice < {\"type\":\"pong\",\"id\":2}\n"
            "came: alice < {\"type\":\"pong\",\"id\":1}");
    }
  }
}

TEST_CASE("a dialogue fails when it is silent about what a server sends or does") {
  const auto [what, steps] = GENERATE(table<std::string, std::string>({
      {"an answer at the end", "alice > one\n"},
      {"an answer before the end of the input", "alice > one\nalice .\nalice !\n"},
      {"an answer before a close", "alice > one\nalice -\n"},
      {"a close", "alice > /quit\n"},
      {"a close at the end of the input", "alice .\n"},
      {"one of two answers", "alice > one\nalice > two\nalice < two\n"},
  }));
  for (const auto& host : hosts()) {
    INFO(what << ", on " << host);
    CHECK_FALSE(story_of("milestone echo\nalice + 127.0.0.1:52322\n" + steps, host).empty());
  }
}

TEST_CASE("a dialogue fails when it waits for what a server does not send or do") {
  const auto [what, steps] = GENERATE(table<std::string, std::string>({
      {"a second answer", "alice > one\nalice < one\nalice < one\n"},
      {"an answer to another", "bob + 127.0.0.1:52324\nalice > one\nbob < one\n"},
      {"a close", "alice > one\nalice < one\nalice !\n"},
      {"a line after a close", "alice > /quit\nalice < /quit\n"},
      {"a step of somebody who is not there", "bob > one\n"},
  }));
  // In memory alone: over sockets this takes as long as a dialogue may take at most.
  INFO(what);
  CHECK_FALSE(story_of("milestone echo\nalice + 127.0.0.1:52322\n" + steps, "memory").empty());
}

TEST_CASE("names and gaps in a line that is due take what the README of the dialogues says") {
  const auto match = [](const std::string& due, std::string_view came) {
    support::bindings known{{"old", "17"}};
    return support::matches(support::with_names(due, known), false, came, known);
  };
  CHECK(match("a {new} c", "a b c"));
  CHECK(match("{new}, {new}", "b, b"));
  CHECK(match("\u2026, \u2026", "a, b"));
  CHECK(match("\"\u2026\"}", "\"with a \"} in it\"}"));
  CHECK(match("{old}", "17"));
  CHECK_FALSE(match("{old}", "18"));
  CHECK_FALSE(match("{new}, {new}", "a, b"));
  CHECK_FALSE(match("a {new} c", "a  c"));
  CHECK_FALSE(match("a {new} c", "a b cd"));
  CHECK_FALSE(match("a\u2026", "a"));
  CHECK_FALSE(match("a", "ab"));
}
