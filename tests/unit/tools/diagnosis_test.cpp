// The causes that the checker names, from evidence and recordings made by hand.
#include "check/diagnosis.hpp"

#include <signal.h>

#include "check/catalogue.hpp"
#include "check/checks.hpp"
#include "check/report.hpp"
#include "check/score.hpp"
#include "unit/catch.hpp"

using check::check_result;
using tools::wire_kind;

namespace {

// A failed check, told step by step.
struct told {
  check_result result{"users.msg", check::outcome::failed};

  told& event(const std::string& who, wire_kind kind, const std::string& bytes = {},
              const std::string& label = {}) {
    result.story.push_back({{}, who, kind, bytes, bytes.size(), label});
    return *this;
  }
  told& comes(const std::string& who) {
    result.seen.connections.push_back({});
    result.seen.connections.back().who = who;
    result.seen.connections.back().held = true;
    return event(who, wire_kind::opened);
  }
  told& asks(const std::string& who, const std::string& label, const std::string& bytes) {
    return event(who, wire_kind::sent, bytes, label);
  }
  told& hears(const std::string& who, const std::string& bytes) {
    return event(who, wire_kind::received, bytes);
  }
  told& leaves(const std::string& who) {
    for (auto& connection : result.seen.connections) {
      if (connection.who == who) connection.closed = true;
    }
    return event(who, wire_kind::closed);
  }
  told& expected(const std::string& id, const std::string& who, const std::string& word = {}) {
    result.expected = {id, {{"who", who}, {"word", word}}};
    result.who = who;
    return *this;
  }
  told& came(const std::string& bytes) {
    result.actual = {bytes.empty() ? "came.nothing" : "came.bytes", {{"bytes", bytes}}};
    return *this;
  }
  told& fact(const std::string& id) {
    result.seen.facts.push_back(id);
    return *this;
  }
  told& waits(const std::string& call, const std::string& on = {}) {
    result.seen.waits_in = call;
    result.seen.waits_on = on;
    return *this;
  }
  told& dies(int signal, const std::string& output = {}) {
    result.seen.ended = result.seen.by_signal = true;
    result.seen.end_number = signal;
    result.seen.last_output = output;
    return *this;
  }
  told& exits(int status, const std::string& output = {}) {
    result.seen.ended = true;
    result.seen.end_number = status;
    result.seen.last_output = output;
    return *this;
  }

  std::string cause() const { return check::likely_cause(result.seen, result).id; }
  std::string other() const { return check::other_cause(result.seen, result).id; }
  std::string last() const { return check::likely_cause(result.seen, result).values.at("last"); }
  check_result finished(const std::string& name) {
    result.check = name;
    result.cause = check::likely_cause(result.seen, result);
    return result;
  }
};

// alice, bob and carol have nicks.
told three_users() {
  told story;
  for (const char* const name : {"alice", "bob", "carol"})
    story.comes(name).asks(name, "nick", std::string(name) + "nicks\n").hears(name, "welcome\n");
  return story;
}

}  // namespace

TEST_CASE("a connection that was closed after a signal was closed by an interrupted call") {
  told story = three_users();
  story.result.actual = {"came.end", {{"who", "alice"}}};
  story.expected("due.served", "alice").waits("accept");
  CHECK(story.cause() == "waits_in_accept");
  story.result.seen.signal_sent = SIGUSR1;
  CHECK(story.cause() == "cut_on_interrupt");
}

TEST_CASE("who was sent everything is not waited for as somebody who has stopped") {
  const auto blocked = [](bool half_sent, const char* who, told begin) {
    told story = begin.asks("alice", "echo", "aaabbbb\n").waits("recv", "alice");
    story.result.seen.connections.front().half_sent = half_sent;
    return story.expected("due.served", who).came("").cause();
  };
  CHECK(blocked(true, "bob", three_users()) == "waits_for_rest");
  CHECK(blocked(false, "bob", three_users()) == "reads_unready");
  CHECK(blocked(false, "alice", three_users()) == "waits_for_more");
  told first_of_two;
  first_of_two.comes("alice").asks("alice", "echo", "aaabbbb\n").hears("alice", "aaabbbb\n");
  CHECK(blocked(false, "bob", first_of_two.comes("bob")) == "one_at_a_time");
}

TEST_CASE("a wrong length that is believed is told from a message that stalls") {
  const auto waits = [](const char* label) {
    told story = three_users().asks("carol", label, "x").waits("recv", "carol");
    story.result.seen.connections.back().half_sent = true;
    return story.expected("due.served", "bob").came("").cause();
  };
  CHECK(waits("huge_length") == "length_believed");
  CHECK(waits("negative_length") == "length_believed");
  CHECK(waits("half of a message") == "waits_for_rest");
}

TEST_CASE("what the wire showed comes before what the program waits in") {
  CHECK(three_users()
            .fact("fact.early_answer")
            .waits("recv", "alice")
            .expected("due.not_early", "alice")
            .cause() == "piece_taken_for_message");
  CHECK(three_users()
            .fact("fact.port_swapped")
            .waits("sleep")
            .expected("due.hears", "alice", "4242")
            .cause() == "port_swapped");
  CHECK(three_users()
            .fact("fact.cut_at_quote")
            .waits("recv", "bob")
            .expected("due.hears", "alice", "x")
            .cause() == "cut_at_quote");
  CHECK(three_users()
            .asks("alice", "msg", "bobnicks wordfor\n")
            .hears("carol", "wordfor\n")
            .waits("recv", "bob")
            .expected("due.hears", "bob", "wordfor")
            .came("")
            .cause() == "misdelivered");
}

TEST_CASE("a message that went astray after a name without a bound names both causes") {
  told story = three_users();
  story.asks("carol", "nick", "carolong" + std::string(120, 'x') + "\n").hears("carol", "no\n");
  story.asks("alice", "msg", "bobnicks wordfor\n").hears("carol", "wordfor\n");
  story.expected("due.hears", "bob", "wordfor").came("").waits("poll");
  CHECK(story.cause() == "misdelivered_overrun");
  CHECK(story.other() == "misdelivered");
}

TEST_CASE("an echo that comes back to its sender is not misdelivered") {
  told story = three_users();
  story.asks("alice", "msg", "bobnicks wordfor\n").hears("alice", "wordfor sent\n");
  CHECK(story.expected("due.hears", "bob", "wordfor").came("").waits("poll").cause() ==
        "no_answer");
}

TEST_CASE("a last line without its end is told from a lost one") {
  const auto lost = [](const char* last) {
    told story;
    story.comes("alice").asks("alice", "echo", "firstly\n").hears("alice", "firstly\n");
    story.asks("alice", "echo", last).event("alice", wire_kind::half_closed);
    story.result.seen.connections.front().half_closed = true;
    return story.expected("due.hears", "alice", "wordfor").came("").waits("poll").cause();
  };
  CHECK(lost("wordfor") == "last_line_dropped");
  CHECK(lost("wordfor\n") == "no_answer");
}

TEST_CASE("what had to be refused and was accepted is named by what was asked") {
  const auto reached = [](told story, const char* who, const char* word) {
    return story.expected("due.never_hears", who, word).came(word).fact("fact.others_word").cause();
  };
  CHECK(reached(three_users().asks("carol", "nick", "spacyna x\n"), "bob", "spacyna") ==
        "bad_name_accepted");
  CHECK(reached(three_users().asks("carol", "create", "channel@/\n"), "bob", "channel") ==
        "bad_name_accepted");
  CHECK(reached(three_users()
                    .asks("carol", "nick", "carolss\n")
                    .hears("carol", "ok")
                    .asks("carol", "nick", "changed\n"),
                "bob", "carolss") == "old_name_stays");
  CHECK(reached(three_users().comes("dave").asks("dave", "msg", "bobnicks wordfor\n"), "bob",
                "wordfor") == "accepted_without_nick");
  CHECK(reached(three_users()
                    .asks("alice", "create", "channel\n")
                    .asks("carol", "say", "channel wordfor\n"),
                "alice", "wordfor") == "outsider_accepted");
  CHECK(reached(three_users()
                    .asks("alice", "create", "channel\n")
                    .asks("bob", "join", "channel\n")
                    .asks("bob", "leave", "channel\n")
                    .asks("alice", "say", "channel wordfor\n"),
                "bob", "wordfor") == "member_not_removed");
  CHECK(reached(three_users()
                    .asks("carol", "nick", "alicenicks\n")
                    .asks("bob", "msg", "alicenicks wordfor\n"),
                "carol", "wordfor") == "name_given_twice");
  CHECK(reached(three_users().asks("alice", "msg", "bobnicks wordfor\n"), "carol", "wordfor") ==
        "told_too_many");
}

TEST_CASE("a refusal that did not come is told from one with another code") {
  const auto refused = [](const char* answer) {
    return three_users()
        .asks("carol", "nick", "spacyna x\n")
        .hears("carol", answer)
        .expected("due.hears", "carol", "bad_nick")
        .came(answer)
        .waits("poll")
        .cause();
  };
  CHECK(refused("{\"type\":\"welcome\"}") == "bad_name_accepted");
  CHECK(refused("{\"type\":\"error\",\"code\":\"bad_request\"}") == "other_refusal");
  CHECK(refused("") == "refusal_missing");
}

TEST_CASE("a death is explained by the last request, and the request is named with its bytes") {
  const auto dead = [](const char* label) {
    return three_users()
        .asks("carol", label, "theword\n")
        .expected("due.served", "bob")
        .dies(SIGSEGV);
  };
  CHECK(dead("whois, a nick that nobody has").cause() == "lookup_failed");
  CHECK(dead("whois, a nick that nobody has").other() == "overrun");
  CHECK(dead("unknown_type").cause() == "type_index");
  CHECK(dead("too_long").cause() == "length_unchecked");
  CHECK(dead("no_zero").cause() == "no_final_zero");
  CHECK(dead("echo").cause() == "overrun");
  CHECK(dead("echo").leaves("alice").cause() == "used_after_leaving");
  CHECK(dead("whois").last() == "whois, from carol, 8 bytes: theword\n");
  // A ping that was sent before the end was noticed is not the one that killed it.
  CHECK(
      dead("too_long").asks("bob", "echo", "pinging\n").last().starts_with("too_long, from carol"));
  CHECK(dead("too_long")
            .asks("carol", "echo", "pinging\n")
            .last()
            .starts_with("too_long, from carol"));
  // Its sender was answered once more, so the server has survived it.
  CHECK(dead("too_long")
            .asks("carol", "echo", "pinging\n")
            .hears("carol", "pinging\n")
            .asks("bob", "msg", "theword\n")
            .last()
            .starts_with("msg, from bob"));
}

TEST_CASE("a death at one more client is told by how many are still there") {
  const auto crowd = [](bool leave) {
    told story;
    for (int n = 0; n < 30; ++n) {
      const auto name = "user" + std::to_string(n);
      story.comes(name).asks(name, "echo", "theword\n");
      if (n < 29) story.hears(name, "theword\n");
      if (leave && n < 29) story.leaves(name);
    }
    return story.expected("due.lives", "").dies(SIGSEGV).cause();
  };
  CHECK(crowd(false) == "too_many_clients");
  CHECK(crowd(true) == "places_not_freed");
}

TEST_CASE("what ended the program itself is told by its last request and its last words") {
  CHECK(three_users().asks("carol", "unknown_type", "x").exits(1).cause() ==
        "exit_on_unknown_type");
  CHECK(three_users().asks("carol", "bad_json", "x").exits(1).cause() == "exit_on_message");
  CHECK(three_users().dies(SIGABRT, "server: server.c:9: main: Assertion `n' failed.").cause() ==
        "failed_assertion");
  CHECK(three_users().dies(SIGABRT, "free(): double free detected in tcache 2").cause() ==
        "freed_twice");
  CHECK(three_users().dies(SIGABRT, "terminate called after throwing").cause() ==
        "uncaught_exception");
  auto quits = three_users();
  quits.result.seen.connections.front().quit = true;
  CHECK(quits.exits(0).cause() == "exit_on_quit");
}

TEST_CASE("a server that does not start again has its address in use, whatever it says") {
  told story;
  story.event("", wire_kind::note, "", "started").event("", wire_kind::note, "", "started");
  story.expected("due.listens", "");
  story.result.actual = {"came.other_port"};
  CHECK(story.cause() == "address_in_use");
}

TEST_CASE("a short header is told from a lost piece") {
  const auto cut = [](std::initializer_list<const char*> facts) {
    told story = three_users().fact("fact.pieces");
    for (const char* const fact : facts) story.fact(fact);
    return story.expected("due.hears", "alice", "wordfor").came("").waits("poll");
  };
  CHECK(cut({"fact.header_cut"}).cause() == "short_header");
  CHECK(cut({"fact.header_cut"}).other().empty());
  CHECK(cut({"fact.header_cut", "fact.content_cut"}).other() == "lost_after_pieces");
  CHECK(cut({}).cause() == "lost_after_pieces");
}

TEST_CASE("only equal deaths are one cause, and only equal expectations") {
  const auto dead = [](const char* name, const char* label) {
    return three_users().asks("carol", label, "theword\n").dies(SIGSEGV).finished(name);
  };
  std::vector<check_result> deaths{dead("echo.again", "echo"), dead("echo.several", "echo"),
                                   dead("users.who", "who")};
  link_repeated_causes(deaths);
  CHECK(deaths[1].follows_from == "echo.again");
  CHECK(deaths[2].follows_from.empty());
  CHECK(deaths[2].may_follow_from == "echo.again");

  const auto lacks = [](const char* name, const char* code) {
    return three_users()
        .asks("alice", name, "x\n")
        .expected("due.hears", "alice", code)
        .came("")
        .waits("poll")
        .finished(name);
  };
  std::vector<check_result> refusals{lacks("json.bad_json", "bad_json"),
                                     lacks("json.nested", "bad_json"),
                                     lacks("json.control", "bad_text")};
  link_repeated_causes(refusals);
  CHECK(refusals[1].follows_from == "json.bad_json");
  CHECK(refusals[2].follows_from.empty());
  CHECK(refusals[2].may_follow_from.empty());
}

TEST_CASE("a place that a sanitizer names is one cause, whatever was asked") {
  const auto found = [](const char* name, const char* place) {
    const auto output =
        std::string("==7==ERROR: AddressSanitizer: SEGV on address 0x602\n    #0 0x55a in ") +
        place;
    return three_users().asks("carol", name, "theword\n").exits(1, output + "\n").finished(name);
  };
  std::vector<check_result> all{found("echo.again", "show a.c:8"), found("users.who", "show a.c:8"),
                                found("users.msg", "list a.c:90")};
  link_repeated_causes(all);
  CHECK(all[1].follows_from == "echo.again");
  CHECK(all[2].follows_from.empty());
}

TEST_CASE("a failure whose cause is known keeps its story") {
  auto known =
      three_users().asks("carol", "echo", "theword\n").dies(SIGSEGV).finished("echo.again");
  known.follows_from = "echo.exact";
  const auto text = check::failure_text(known, check::catalogue());
  CHECK(text.find("theword") != std::string::npos);
  CHECK(text.find("The same cause as echo.exact") != std::string::npos);
}

TEST_CASE("each death's text names the last request, and each cause leads to its page") {
  const check::catalogue texts;
  for (const auto& cause : check::all_causes()) {
    const bool is_death = cause.starts_with("exit") || cause == "overrun" || cause == "smashed" ||
                          cause == "sigpipe" || cause == "died" || cause == "sanitizer";
    const auto text = texts.say({"cause." + cause, {{"last", "(the last request)"}}});
    if (is_death) CHECK(text.find("(the last request)") != std::string::npos);
    check_result result{"echo.exact", check::outcome::failed};
    result.cause = {cause};
    CHECK(check::reading_of(result, texts).find("docs/causes.md#" + cause) != std::string::npos);
  }
}
