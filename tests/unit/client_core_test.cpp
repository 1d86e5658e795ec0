// The user's side of the chat, without a terminal and a server: which typed line is carried out
// when, and when the end has come.
#include "chat/client_core.hpp"

#include <string>
#include <vector>

#include "02-users/commands.hpp"
#include "catch.hpp"
#include "chat/session_commands.hpp"

namespace {

using lines = std::vector<std::string>;

// A client whose server is the test.
struct client {
  void type(const std::string& line) { core.typed(line); }
  void receive(const std::string& line) { core.received(line); }

  lines sent;
  lines shown;
  std::vector<bool> behind;  // what was said of it, one after the other
  int finished = 0;
  chat::client_core core{
      {[this](std::string_view line) { sent.emplace_back(line); },
       [this](std::string_view text, program::look) { shown.emplace_back(text); },
       [](std::string_view) {}, [this](bool is_behind) { behind.push_back(is_behind); },
       [this] { ++finished; }}};
  chat::session_commands session{core};
  chat::user_commands users{core};
};

}  // namespace

TEST_CASE("a typed line waits for the answer to the one before") {
  client alice;
  alice.type("one");
  alice.type("two");
  CHECK(alice.sent == lines{R"({"type":"echo","id":1,"text":"one"})"});
  alice.receive(R"({"type":"echo","id":7,"text":"not the answer"})");
  alice.receive(R"({"type":"msg","from":"bob","to":"alice","text":"no answer either"})");
  CHECK(alice.sent.size() == 1);
  alice.receive(R"({"type":"echo","id":1,"text":"one"})");
  CHECK(alice.sent.back() == R"({"type":"echo","id":2,"text":"two"})");
}

TEST_CASE("a refusal is an answer too") {
  client alice;
  alice.type("/who");
  alice.type("one");
  alice.receive(R"({"type":"error","id":1,"code":"nick_required","message":"login"})");
  CHECK(alice.shown == lines{"[Server] : login"});
  CHECK(alice.sent.size() == 2);
}

TEST_CASE("who types faster than the server answers is asked to pause, until all is carried out") {
  client alice;
  alice.type("one");
  for (int line = 0; line < 63; ++line) alice.type("/whatever");
  CHECK(alice.behind.empty());
  alice.type("/whatever");
  alice.type("and one");
  CHECK(alice.behind == std::vector<bool>{true});
  alice.receive(R"({"type":"echo","id":1,"text":"one"})");
  CHECK(alice.behind == std::vector<bool>{true, false});
}

TEST_CASE("the end comes once, when all is answered") {
  client alice;
  alice.type("one");
  alice.type("two");
  alice.core.end_of_input();
  alice.type("too late");
  CHECK(alice.finished == 0);
  alice.receive(R"({"type":"echo","id":1,"text":"one"})");
  CHECK(alice.finished == 0);
  alice.receive(R"({"type":"echo","id":2,"text":"two"})");
  alice.receive(R"({"type":"echo","id":2,"text":"two"})");
  CHECK(alice.finished == 1);
  CHECK(alice.sent.size() == 2);
}

TEST_CASE("a list that comes in pages is one to the user") {
  client alice;
  alice.type("/who");
  alice.receive(R"({"type":"users","id":1,"users":["alice","bob"],"more":true})");
  CHECK(alice.sent.back() == R"({"type":"who","id":2,"after":"bob"})");
  alice.receive(R"({"type":"users","id":2,"users":["carol"]})");
  CHECK(alice.shown == lines{"[Server] : Online users are", " - alice", " - bob", " - carol"});
  CHECK(alice.sent.size() == 2);
}

TEST_CASE("a server that says more than it was asked makes a client ask for nothing") {
  const std::string unasked = R"({"type":"users","users":["bob"],"more":true})";
  client alice;
  SECTION("while an answer is due") {
    alice.type("one");
    alice.receive(unasked);
    CHECK(alice.sent.size() == 1);
  }
  SECTION("after the end") {
    alice.core.end_of_input();
    alice.receive(unasked);
    CHECK(alice.sent.empty());
  }
  SECTION("or by a name that is none") {
    alice.type("/who");
    alice.receive(R"({"type":"users","id":1,"users":[")" + std::string(65'000, 'b') +
                  R"("],"more":true})");
    CHECK(alice.sent.size() == 1);
  }
}

TEST_CASE("what is no part of the protocol is said so, and does no more") {
  client alice;
  alice.receive(GENERATE(as<std::string>(), "", "{", "[]", "{}", R"({"type":5})",
                         R"({"type":"msg","from":"bob"})", R"({"type":"users","users":[5]})",
                         "\xff"));
  CHECK(alice.shown == lines{"the server said something that is no part of the protocol"});
}

TEST_CASE("what only a later server says is passed over") {
  client alice;
  alice.receive(R"({"type":"dance","with":"bob"})");
  CHECK(alice.shown.empty());
}

TEST_CASE("times are shown as the user's clock has them, and what is none as it came") {
  CHECK(chat::to_local_time("2026-11-23T09:30:00Z").size() == 16);
  CHECK(chat::to_local_time("yesterday") == "yesterday");
  CHECK(chat::to_local_time("2026-11-23T09:30:00Z and more") == "2026-11-23T09:30:00Z and more");
}
