// The user's side of the chat, without a terminal and a server: which typed line is carried out
// when, and when the end has come.
#include "chat/client_core.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "02-users/commands.hpp"
#include "03-channels/commands.hpp"
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
  std::string prompt;
  std::vector<bool> behind;  // what was said of it, one after the other
  int finished = 0;
  chat::client_core core{
      {[this](std::string_view line) { sent.emplace_back(line); },
       [this](std::string_view text, program::look) { shown.emplace_back(text); },
       [this](std::string_view text) { prompt = text; },
       [this](bool is_behind) { behind.push_back(is_behind); }, [this] { ++finished; }}};
  chat::session_commands session{core};
  chat::user_commands users{core};
  chat::channel_commands channels{core};
};

constexpr const char* complaint = "the server said something that is no part of the protocol";

// One page of the users, which says that there is more.
std::string page_of_users(int id, const std::string& name) {
  return R"({"type":"users","id":)" + std::to_string(id) + R"(,"users":[")" + name +
         R"("],"more":true})";
}

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

TEST_CASE("a list without an end is cut after 64 pages") {
  client alice;
  alice.type("/who");
  for (int id = 1; id <= 70; ++id) alice.receive(page_of_users(id, "bob"));
  CHECK(alice.sent.size() == 64);
  CHECK(std::count(alice.shown.begin(), alice.shown.end(), "the list goes on, but is cut here") ==
        1);
  alice.type("one");
  CHECK(alice.sent.back() == R"({"type":"echo","id":65,"text":"one"})");
}

TEST_CASE("what is typed goes before the next page of a list") {
  client alice;
  alice.type("/who");
  alice.type("one");
  alice.receive(page_of_users(1, "bob"));
  CHECK(alice.sent.back() == R"({"type":"echo","id":2,"text":"one"})");
  SECTION("which is asked for then") {
    alice.receive(R"({"type":"echo","id":2,"text":"one"})");
    CHECK(alice.sent.back() == R"({"type":"who","id":3,"after":"bob"})");
  }
  SECTION("or dropped for another list") {
    alice.type("/channels");
    alice.receive(R"({"type":"echo","id":2,"text":"one"})");
    CHECK(alice.sent.back() == R"({"type":"channels","id":3})");
    CHECK(alice.shown.back() == "the list goes on, but is cut here");
    alice.receive(R"({"type":"channels","id":3,"channels":[]})");
    CHECK(alice.sent.size() == 3);
  }
  SECTION("or cut by /quit") {
    alice.type("/quit");
    alice.receive(R"({"type":"echo","id":2,"text":"one"})");
    CHECK(alice.shown.back() == "the list goes on, but is cut here");
    alice.receive(R"({"type":"bye","id":3})");
    CHECK(alice.sent.back() == R"({"type":"quit","id":3})");
    CHECK(alice.finished == 1);
  }
}

TEST_CASE("the end of the input waits for all pages of a list") {
  client alice;
  alice.type("/members room");
  alice.core.end_of_input();
  alice.receive(R"({"type":"members","id":1,"channel":"room","users":["bob"],"more":true})");
  CHECK(alice.sent.back() == R"({"type":"members","id":2,"channel":"room","after":"bob"})");
  CHECK(alice.finished == 0);
  alice.receive(R"({"type":"members","id":2,"channel":"room","users":["carol"]})");
  CHECK(alice.finished == 1);
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
  CHECK(alice.shown == lines{complaint});
}

TEST_CASE("what a server says is not believed if a field breaks its rule") {
  const std::string long_name(33, 'a');
  const std::string long_text(4097, 'x');
  client alice;
  alice.receive(R"({"type":"welcome","nick":"alice"})");
  alice.receive(R"({"type":"joined","nick":"alice","channel":"room"})");
  alice.shown.clear();
  alice.receive(GENERATE_COPY(
      as<std::string>(), R"({"type":"welcome","nick":"})" + std::string(30'000, 'a') + R"("})",
      R"({"type":"welcome","nick":""})", R"({"type":"welcome","nick":"Server"})",
      R"({"type":"renamed","old":"bob","nick":"a b"})",
      R"({"type":"renamed","old":"","nick":"bob"})",
      R"({"type":"users","users":["bob",")" + long_name + R"("]})",
      R"({"type":"user","nick":"bob","since":")" + long_text + R"(","address":"","port":1})",
      R"({"type":"msg","from":"9","to":"alice","text":"hello"})",
      R"({"type":"msgall","from":"bob","text":""})",
      R"({"type":"msgall","from":"bob","text":"\u001b[2J"})",
      R"({"type":"msgall","from":"bob","text":")" + long_text + R"("})",
      R"({"type":"joined","nick":"alice","channel":")" + long_name + R"("})",
      R"({"type":"joined","nick":"alice","channel":"room","left":"a\u202eb"})",
      R"({"type":"left","nick":"alice","channel":""})",
      R"({"type":"channels","channels":[{"channel":"room","users":1},{"channel":"9","users":1}]})",
      R"({"type":"members","channel":"room","users":[""]})",
      R"({"type":"say","channel":"a b","from":"bob","text":"hello"})",
      R"({"type":"hello","protocol":1,"server":"x","features":[")" + long_text +
          R"("],"limits":{"line":1,"text":1,"nick":1,"channel":1}})",
      R"({"type":"error","code":"bad_nick","message":")" + long_text + R"("})"));
  CHECK(alice.shown == lines{complaint});
  CHECK(alice.prompt == "alice[room]> ");
}

TEST_CASE("an answer that breaks a rule is an answer: the next line is run") {
  client alice;
  alice.type("/nick alice");
  alice.type("one");
  alice.receive(R"({"type":"welcome","id":1,"nick":"a b"})");
  CHECK(alice.shown == lines{complaint});
  CHECK(alice.sent.back() == R"({"type":"echo","id":2,"text":"one"})");
}

TEST_CASE("a line that is shown has a bound") {
  client alice;
  alice.core.show(std::string(16'384, 'x'));
  alice.core.show(std::string(16'383, 'x') + "é and more");
  CHECK(alice.shown == lines{std::string(16'384, 'x'), std::string(16'383, 'x') + " ..."});
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
