// A dialect, from data: requests to bytes, bytes to messages, and what the texts must have.
#include "common/dialect.hpp"

#include "catch.hpp"
#include "check/catalogue.hpp"
#include "check/checks.hpp"
#include "check/diagnosis.hpp"
#include "check/report.hpp"

using tools::dialect;

TEST_CASE("a line is a request, and an answer is found by its line end") {
  const auto lines = dialect::load("lines");
  CHECK(lines.encode("echo", {{"text", "hello"}}) == "hello\n");
  const auto found = lines.split("one\ntwo\nthr");
  REQUIRE(found.size() == 3);
  CHECK(found[1].summary == "two");
  CHECK_FALSE(found[2].whole);
}

TEST_CASE("what stands in a JSON text is escaped") {
  const auto jsonl = dialect::load("jsonl");
  CHECK(jsonl.encode("echo", {{"text", "a\"b"}}) == "{\"type\":\"echo\",\"text\":\"a\\\"b\"}\n");
}

TEST_CASE("the course's header has 264 bytes, and its numbers in the machine's order") {
  const auto course = dialect::load("struct");
  const auto bytes = course.encode("msg", {{"me", "alice"}, {"nick", "bob"}, {"text", "hello"}});
  REQUIRE(bytes.size() == 264 + 5);
  CHECK(bytes.substr(0, 4) == std::string("\5\0\0\0", 4));
  CHECK(bytes.substr(132, 4) == std::string("\4\0\0\0", 4));
  const auto found = course.split(bytes + bytes.substr(0, 100));
  REQUIRE(found.size() == 2);
  CHECK(found[0].summary ==
        "UNICAST_SEND length=5 sender=\"alice\" infos=\"bob\" payload \"hello\"");
  CHECK_FALSE(found[1].whole);
}

TEST_CASE("a deviation is a few fields on top of another dialect") {
  const auto team = dialect::from(nlohmann::json::parse(
      R"({"extends": "struct", "name": "team", "types": {"ECHO_SEND": 7},
          "requests": {"echo": {"type": "ECHO_SEND", "infos": "/echo {text}", "payload": null}}})"));
  const auto bytes = team.encode("echo", {{"me", "al"}, {"text", "hi"}});
  CHECK(bytes.size() == 264);
  CHECK(bytes[132] == 7);
  CHECK(bytes.substr(136, 8) == "/echo hi");
}

TEST_CASE("a length that is not to be believed makes one broken message of the rest") {
  const auto course = dialect::load("struct");
  const auto bytes = course.attack("negative_length", {{"me", "al"}});
  REQUIRE(bytes);
  const auto found = course.split(*bytes);
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].whole);
}

TEST_CASE("every check and every cause has its text, and every text its use") {
  const check::catalogue texts;
  for (const auto& one : check::all_checks()) CHECK(texts.has("check." + one.id));
  for (const auto& cause : check::all_causes()) CHECK(texts.has("cause." + cause));
  for (const auto& id : texts.ids()) {
    if (id.rfind("check.", 0) == 0) CHECK_NOTHROW(check::case_of(id.substr(6)));
  }
}

TEST_CASE("bytes are shown readably, and long runs by their length") {
  CHECK(tools::visible(std::string("a\n\x01", 3)) == "a\\n\\x01");
  CHECK(tools::visible(std::string(20, '\0')) == "\\x00{20 times}");
  CHECK(tools::fill("{a}{x*3}{b}", {{"a", "1"}}) == "1xxx{b}");
}

TEST_CASE("a result survives the way through JSON, whatever its bytes") {
  check::result one{"echo.exact", check::outcome::failed, {"due.gets", {{"bytes", "\xff\x01"}}}};
  one.story.push_back(
      {std::chrono::microseconds(5), "alice", tools::wire_kind::sent, "\x80", 1, "echo"});
  one.seen.connections.push_back({});
  one.event = 0;
  const auto back = check::from_json(nlohmann::json::parse(check::to_json(one).dump()));
  CHECK(back.due.values.at("bytes") == "\xff\x01");
  CHECK(back.story.at(0).bytes == "\x80");
  CHECK(back.came_out == check::outcome::failed);
  CHECK(back.event == one.event);
}
