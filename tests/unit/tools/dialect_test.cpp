// A dialect, from data: requests to bytes, bytes to messages, and what the texts must have.
#include "common/dialect.hpp"

#include "check/catalogue.hpp"
#include "check/checks.hpp"
#include "check/diagnosis.hpp"
#include "check/report.hpp"
#include "check/score.hpp"
#include "common/server_dialect.hpp"
#include "unit/catch.hpp"

using tools::dialect;

TEST_CASE("a line is a request, and an answer is found by its line end") {
  const auto lines = dialect::load("lines");
  CHECK(lines.encode("echo", {{"text", "hello"}}) == "hello\n");
  const auto found = lines.split("one\ntwo\nthr");
  REQUIRE(found.size() == 3);
  CHECK(found[1].summary == "two");
  CHECK_FALSE(found[2].complete);
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
        "UNICAST_SEND infos=\"bob\" payload \"hello\" length=5 sender=\"alice\"");
  CHECK_FALSE(found[1].complete);
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
  CHECK_FALSE(found[0].complete);
}

TEST_CASE("a server understands what a client of its dialect asks for") {
  for (const char* const name : {"lines", "jsonl", "struct"}) {
    const auto protocol = dialect::load(name);
    const tools::server_dialect server(protocol);
    const auto echo = server.decode(protocol.encode("echo", {{"me", "al"}, {"text", "a b"}}));
    REQUIRE(echo);
    CHECK(echo->name == "echo");
    CHECK(echo->values.at("text") == "a b");
    CHECK(server.answer_to(*echo) == "echo");
    CHECK(server.command_for("echo", echo->values) == "a b");
    CHECK_FALSE(server.encode("text", {{"text", "hello"}}).empty());
    if (!protocol.knows("msg")) continue;
    const auto msg =
        server.decode(protocol.encode("msg", {{"me", "al"}, {"nick", "bob"}, {"text", "a \"b\""}}));
    REQUIRE(msg);
    CHECK(msg->name == "msg");
    CHECK(msg->values.at("nick") == "bob");
    CHECK(msg->values.at("text") == "a \"b\"");
  }
}

TEST_CASE("a server's answer has the id of its request, where there are ids") {
  const tools::server_dialect server(dialect::load("jsonl"));
  const auto asked = server.decode(R"({"id": 7, "type": "nick", "nick": "ann"})");
  REQUIRE(asked);
  CHECK(server.encode(server.answer_to(*asked), asked->values) ==
        "{\"id\":7,\"type\":\"welcome\",\"nick\":\"ann\"}\n");
  CHECK(server.answer_to({"msg", {{"id", "1"}}}) == "ok");
  CHECK(server.answer_to({"msg", {}}).empty());
  CHECK_FALSE(server.decode("[1]\n"));
  CHECK_FALSE(server.decode("no JSON\n"));
}

TEST_CASE("the values of a form are found in a text") {
  const auto found = tools::match_template("/msg bob  hello you", "/msg {nick} {text}");
  REQUIRE(found);
  CHECK(found->at("nick") == "bob");
  CHECK(found->at("text") == " hello you");
  CHECK_FALSE(tools::match_template("/who", "/msg {nick} {text}"));
  CHECK_FALSE(tools::match_template("/whois", "/who"));
}

TEST_CASE("every check and every cause has its text, and every text its use") {
  const check::catalogue texts;
  for (const auto& check : check::all_checks()) CHECK(texts.has("check." + check.id));
  for (const auto& check : check::all_client_checks()) CHECK(texts.has("check." + check.id));
  for (const auto& cause : check::all_causes()) CHECK(texts.has("cause." + cause));
  for (const auto& id : texts.ids()) {
    if (id.rfind("check.", 0) == 0) CHECK_NOTHROW(check::case_of(id.substr(6)));
    // What is said otherwise of a client is said of a server too.
    if (id.rfind("client.", 0) == 0) CHECK(texts.has(id.substr(7)));
  }
}

TEST_CASE("what follows from a known cause earns a share, as far as the requirements are met") {
  using check::outcome;
  const check::rubric weights;  // 2 for a group of requirements, 1 for the wire
  check::check_result known{"wire.ten_in_one", outcome::failed};
  known.follows_from = "wire.two_in_one";
  const auto points = [&](outcome echo) {
    return check::count({{"echo.exact", echo}, {"wire.two_in_one", outcome::failed}, known},
                        weights)
        .points;
  };
  CHECK(points(outcome::passed) == 2.5);
  CHECK(points(outcome::failed) == 0);
}

TEST_CASE("a dialect says in which milestone a group of checks comes") {
  const auto course = tools::dialect::load("struct"), newest = tools::dialect::load("struct2026");
  const auto milestone = [](const char* id, const tools::dialect& protocol) {
    return check::milestone_of(check::case_of(id), protocol);
  };
  CHECK(milestone("channels.create", course) == 3);
  CHECK(milestone("channels.create", newest) == 4);
  CHECK(milestone("client_files.send", course) == 4);
  CHECK(milestone("client_files.send", newest) == 3);
  CHECK(milestone("wire.stall", newest) == 1);
}

TEST_CASE("what a sanitizer found is quoted with the first place that is the program's own") {
  const auto fault_in = [](const std::string& last_output) {
    check::evidence seen;
    seen.ended = true;
    seen.end_number = 1;
    seen.last_output = last_output;
    const auto cause = check::likely_cause(seen, {});
    return cause.id + ": " + cause.values.at("fault");
  };
  CHECK(fault_in("==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602 at pc 0x1\n"
                 "READ of size 129 at 0x602 thread T0\n"
                 "    #0 0x7f1 in __interceptor_strlen ../libsanitizer/asan_interceptors.cc:370\n"
                 "    #1 0x55a in show client.c:88\n"
                 "    #2 0x55b in main client.c:140\n") ==
        "sanitizer: AddressSanitizer: heap-buffer-overflow in show client.c:88");
  CHECK(fault_in("server.c:12:9: runtime error: index 40 out of bounds for type 'int [40]'\n") ==
        "sanitizer: server.c:12:9: runtime error: index 40 out of bounds for type 'int [40]'");
}

TEST_CASE("bytes are shown readably, and long runs by their length") {
  CHECK(tools::visible(std::string("a\n\x01", 3)) == "a\\n\\x01");
  CHECK(tools::visible(std::string(20, '\0')) == "\\x00{20 times}");
  CHECK(tools::fill("{a}{x*3}{b}", {{"a", "1"}}) == "1xxx{b}");
}

TEST_CASE("a result survives the way through JSON, whatever its bytes") {
  check::check_result result{
      "echo.exact", check::outcome::failed, {"due.gets", {{"bytes", "\xff\x01"}}}};
  result.story.push_back(
      {std::chrono::microseconds(5), "alice", tools::wire_kind::sent, "\x80", 1, "echo"});
  result.seen.connections.push_back({});
  result.event = 0;
  const auto back = check::from_json(nlohmann::json::parse(check::to_json(result).dump()));
  CHECK(back.expected.values.at("bytes") == "\xff\x01");
  CHECK(back.story.at(0).bytes == "\x80");
  CHECK(back.outcome == check::outcome::failed);
  CHECK(back.event == result.event);
}
