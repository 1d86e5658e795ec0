// Milestone 2: nicks, the list of users, and messages to one user and to all.
#include <algorithm>

#include "checks.hpp"

namespace check {

namespace {

constexpr std::size_t usual_field = 128;  // bytes for a name, with its final zero

void expect_message_to(stage& s, user& from, const std::string& nick, user& to) {
  const auto word = s.word();
  from.asks("msg", {{"nick", nick}, {"text", word}});
  to.hears(word);
}

void takes_nick(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  expect_message_to(s, bob, alice.nick(), alice);
}

// The user is told about the refusal, and is not listed under that nick.
void refuses_nick(stage& s, const std::string& nick, const std::string& shown) {
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  user& alice = s.connect("alice");
  alice.asks("nick", {{"nick", nick}});
  alice.gets_answer("bad_nick");
  bob.asks("who");
  bob.hears(carol.nick());  // a list may leave out whoever asks for it
  bob.never_hears(shown);
}

void nick_with_space(stage& s) {
  const auto word = s.word();
  refuses_nick(s, word + " x", word);
}

void nick_with_sign(stage& s) {
  const auto word = s.word();
  refuses_nick(s, word + "@/", word);
}

void nick_too_long(stage& s) {
  if (!s.dialect().longest_name())
    throw cannot_judge{{"why.not_promised", {{"property", "longest_name"}}}};
  const auto word = s.word();
  refuses_nick(s, word + std::string(120, 'x'), word);
}

// A nick that fills its field may be refused, and it may be cut. It may not overwrite what stands
// behind an array that is shorter.
void longest_nick(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.connect("alice");
  const std::size_t length = s.dialect().longest_name().value_or(usual_field - 1);
  const auto word = s.word();
  alice.asks("nick", {{"nick", word + std::string(length - word.size(), 'x')}});
  alice.lets_answers_come();
  if (s.dialect().longest_name()) alice.is_served();
  alice.asks("who");
  alice.lets_answers_come();
  bob.asks("who");
  s.others_are_served(bob);
}

// What only one of two users hears, though the nick of one begins with that of the other.
void expect_only(stage& s, user& from, user& to, const std::vector<user*>& others) {
  const auto word = s.word();
  expect_noting(s, "fact.prefix", {{"who", to.name()}}, [&] {
    from.asks("msg", {{"nick", to.nick()}, {"text", word}});
    to.hears(word);
    for (user* other : others) other->never_hears(word);
  });
}

void nicks_that_begin_alike(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  expect_message_to(s, bob, alice.nick(), alice);
  bob.takes_nick(alice.nick() + "x");
  carol.takes_nick(alice.nick().substr(0, alice.nick().size() - 1));
  expect_only(s, alice, carol, {&bob});
  expect_only(s, alice, bob, {&carol});
  expect_only(s, bob, alice, {&carol});
}

void nick_taken(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  bob.asks("nick", {{"nick", alice.nick()}});
  bob.gets_answer("nick_taken");
  const auto word = s.word();
  carol.asks("msg", {{"nick", alice.nick()}, {"text", word}});
  alice.hears(word);
  bob.never_hears(word);
}

// Who is refused another nick keeps the one they have.
void refused_change(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  expect_message_to(s, carol, alice.nick(), alice);
  for (const auto& refused : {bob.nick(), s.word() + "@/"}) {
    alice.asks("nick", {{"nick", refused}});
    alice.gets_answer();
    expect_noting(s, "fact.refused_before", {{"request", "nick"}},
                  [&] { expect_message_to(s, carol, alice.nick(), alice); });
  }
}

// A long nick may be refused, and it may be cut. As it is listed, its owner is written to.
void long_nick_is_found(stage& s) {
  constexpr std::size_t longest = 60;
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  expect_message_to(s, bob, carol.nick(), carol);
  user& alice = s.connect("alice");
  const auto word = s.word();
  const std::size_t length = std::min(longest, s.dialect().longest_name().value_or(longest));
  alice.asks("nick", {{"nick", word + std::string(length - word.size(), 'x')}});
  alice.gets_answer();
  alice.lets_answers_come();
  const auto list = bob.answer_to("who");
  const auto begin = list.find(word);
  if (begin == std::string::npos) return;
  const auto end = std::min(list.find_first_not_of('x', begin + word.size()), list.size());
  const auto listed = list.substr(begin, end - begin);
  expect_noting(s, "fact.long_nick", {{"letters", std::to_string(listed.size())}},
                [&] { expect_message_to(s, bob, listed, alice); });
}

void nick_changes(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto old = alice.nick();
  alice.takes_nick(s.word());
  expect_message_to(s, bob, alice.nick(), alice);
  bob.asks("who");
  bob.hears(alice.nick());
  bob.never_hears(old);
}

void expect_listed(user& asker, const user& other) {
  asker.asks("who");
  asker.hears(other.nick());
}

void who(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  // A list may leave out whoever asks for it.
  expect_listed(alice, bob);
  expect_listed(bob, alice);
  expect_listed(bob, carol);
}

// A list that is longer than the usual buffers. A program that serves fewer users lists those.
void long_list_of_users(stage& s) {
  user& alice = s.sign_in("alice");
  std::vector<std::string> nicks;
  for (std::size_t left = s.affordable(150, 3); left > 0; --left) {
    user& guest = s.connect("guest" + std::to_string(nicks.size() + 1));
    guest.asks("nick", {{"nick", guest.nick()}});
    if (!guest.is_served_within(s.options().patience)) break;
    nicks.push_back(guest.nick());
  }
  s.program_still_runs();
  const auto list = alice.answer_to("who");
  const auto is_listed = [&](const std::string& nick) { return list.find(nick) != list.npos; };
  const auto missing = std::find_if_not(nicks.begin(), nicks.end(), is_listed);
  if (missing == nicks.end()) return;
  const auto listed = std::count_if(nicks.begin(), nicks.end(), is_listed);
  try {
    alice.asks("who");
    alice.hears(*missing);
  } catch (const failure&) {
    if (listed > 0 && !s.program_has_ended())
      s.note("fact.list_cut",
             {{"listed", std::to_string(listed)}, {"all", tools::counted(nicks.size(), "nick")}});
    throw;
  }
}

void who_after_a_close(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  expect_listed(alice, bob);
  bob.closes();
  const auto still_there = [&] {
    return alice.answer_to("who").find(bob.nick()) != std::string::npos;
  };
  s.expect([&] { return !still_there(); }, {"due.not_listed", {{"who", "bob"}}},
           {"came.still_listed", {{"word", bob.nick()}}});
}

// The place of the first in the table is free, and the others stand behind it.
void who_behind_a_gap(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  const auto list_each_other = [&] {
    expect_listed(bob, carol);
    expect_listed(carol, bob);
  };
  list_each_other();
  alice.closes();
  s.catches_up();
  expect_noting(s, "fact.gap", {{"who", "alice"}}, list_each_other);
}

std::string swapped(std::uint16_t port) {
  return std::to_string(static_cast<std::uint16_t>(port << 8U | port >> 8U));
}

void expect_address(stage& s, user& asking, const user& of,
                    const std::vector<const user*>& others) {
  asking.asks("whois", {{"nick", of.nick()}});
  asking.hears("127.0.0.1");
  const auto says = [&](const std::string& port) {
    return asking.heard().find(port) != std::string_view::npos;
  };
  try {
    asking.hears(std::to_string(of.port()));
  } catch (const failure&) {
    if (says(swapped(of.port()))) s.note("fact.port_swapped");
    for (const user* other : others)
      if (says(std::to_string(other->port()))) s.note("fact.port_of", {{"who", other->name()}});
    throw;
  }
}

void whois(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");  // bob is neither the first user nor the newest
  expect_address(s, alice, bob, {&alice, &carol});
}

// When the first leaves, the others may move in the table.
void whois_after_a_close(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  user& dave = s.sign_in("dave");
  alice.closes();
  s.catches_up();
  expect_address(s, dave, bob, {&alice, &carol, &dave});
  expect_address(s, bob, carol, {&alice, &bob, &dave});
  expect_address(s, bob, dave, {&alice, &bob, &carol});
}

void whois_nobody(stage& s) {
  user& alice = s.sign_in("alice");
  alice.asks("whois", {{"nick", s.word()}});
  alice.gets_answer("no_such_nick");
  s.others_are_served(alice);
}

void message_to_all(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  const auto word = s.word();
  alice.asks("msgall", {{"text", word}});
  bob.hears_once(word);
  try {
    carol.hears(word);
  } catch (const failure&) {
    if (!s.program_has_ended() && !carol.is_gone())
      s.note("fact.reached_some", {{"who", "bob"}, {"not", "carol"}});
    throw;
  }
}

void message_to_all_skips_the_sender(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto word = s.word();
  alice.asks("msgall", {{"text", word}});
  bob.hears(word);
  alice.never_hears(word);
}

void message_to_one(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  const auto word = s.word();
  alice.asks("msg", {{"nick", bob.nick()}, {"text", word}});
  bob.hears_once(word);
  carol.never_hears(word);
}

void long_message_to_one(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto text = s.word() + std::string(900, 'x') + s.word();
  alice.asks("msg", {{"nick", bob.nick()}, {"text", text}});
  bob.hears(text);
}

// What is behind the end of a short text in the program's buffer is not sent.
void short_after_long_message(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto end = s.word();
  for (const auto& text : {s.word() + std::string(300, 'x') + end, s.word()}) {
    bob.mark();
    alice.asks("msg", {{"nick", bob.nick()}, {"text", text}});
    bob.hears(text);
  }
  expect_noting(s, "fact.stale", {{"word", end}}, [&] { bob.never_hears(end); });
}

void names_the_sender(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto word = s.word();
  alice.asks("msg", {{"nick", bob.nick()}, {"text", word}});
  bob.hears(word);
  if (bob.heard().find(alice.nick()) == std::string_view::npos) bob.hears(alice.nick());
}

void message_to_unknown_nick(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  alice.asks("msg", {{"nick", s.word()}, {"text", s.word()}});
  alice.gets_answer("no_such_nick");
  s.others_are_served(bob);
}

void messages_in_order(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  std::vector<std::string> words;
  for (int n = 0; n < 30; ++n) {
    words.push_back(s.word());
    alice.asks("msg", {{"nick", bob.nick()}, {"text", words.back()}});
  }
  bob.hears_in_order(words);
}

void expect_nick_freed(stage& s, void (user::*leave)()) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  user& carol = s.sign_in("carol");  // before alice leaves: a newcomer may take her place
  const auto nick = alice.nick();
  (alice.*leave)();
  const auto carol_gets_it = [&] {
    carol.asks("nick", {{"nick", nick}});
    carol.gets_answer();
    const auto word = s.word();
    bob.asks("msg", {{"nick", nick}, {"text", word}});
    return s.run_until([&] { return carol.heard().find(word) != std::string_view::npos; },
                       std::max<std::chrono::milliseconds>(std::chrono::milliseconds(700),
                                                           4 * s.options().latency));
  };
  s.expect(carol_gets_it, {"due.freed", {{"word", nick}}}, {"came.not_freed"});
}

void nick_freed_by_close(stage& s) { expect_nick_freed(s, &user::closes); }
void nick_freed_by_reset(stage& s) { expect_nick_freed(s, &user::resets); }

// A newcomer may be given the place of somebody who has left, but not the nick that is written
// there.
void nick_is_not_inherited(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  const auto nick = alice.nick();
  alice.closes();
  s.catches_up();
  user& dave = s.connect("dave");
  dave.lets_answers_come();
  const auto word = s.word();
  bob.asks("msg", {{"nick", nick}, {"text", word}});
  bob.is_served();
  dave.lets_answers_come();
  const auto got = dave.received().find(word);
  if (got == std::string::npos) return;
  failure wrong{{"due.freed", {{"word", nick}}}, {"came.not_freed"}, "dave"};
  dave.locate(wrong, got);
  throw failure(wrong);
}

void no_message_without_a_nick(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.connect("alice");
  const auto word = s.word();
  alice.asks("msg", {{"nick", bob.nick()}, {"text", word}});
  alice.gets_answer("nick_required");
  bob.never_hears(word);
}

void nothing_to_all_without_a_nick(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.connect("alice");
  const auto word = s.word();
  alice.asks("msgall", {{"text", word}});
  alice.gets_answer("nick_required");
  bob.never_hears(word);
}

void sender_cannot_be_forged(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& mallory = s.sign_in("mallory");
  expect_message_to(s, mallory, bob.nick(), bob);
  const auto before = bob.received().size();
  mallory.attacks("forged", {{"nick", bob.nick()}, {"forged", alice.nick()}, {"text", s.word()}});
  mallory.lets_answers_come();
  bob.is_served();  // the message may have been corrected, or refused
  const auto lie = bob.received().find(alice.nick(), before);
  if (lie == std::string::npos) return;
  failure wrong{{"due.true_sender"}, {"came.forged", {{"word", alice.nick()}}}, "bob"};
  bob.locate(wrong, lie);
  throw failure(wrong);
}

void message_to_a_reset_user(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  const auto nick = carol.nick();
  s.send_signal(SIGSTOP);
  carol.resets();
  for (int n = 0; n < 3; ++n) alice.asks("msg", {{"nick", nick}, {"text", s.word()}});
  s.send_signal(SIGCONT);
  alice.is_served();
  s.others_are_served(bob);
}

void never_reads_what_others_send(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  carol.stops_reading();
  const std::string text(600, 'x');  // fits into the usual buffers
  s.fill_the_way_to(carol, text.size(), [&] {
    alice.asks("msg", {{"nick", carol.nick()}, {"text", text}});
    return s.comes_to_rest(alice);
  });
  s.others_are_served(bob);
  s.require_full(carol);
}

}  // namespace

std::vector<check_case> user_checks() {
  return {
      {"users.nick", 2, "2.1", takes_nick, {"nick", "msg"}},
      {"users.nick_space", 2, "2.1", nick_with_space, {"nick", "who"}},
      {"users.nick_sign", 2, "2.1", nick_with_sign, {"nick", "who"}},
      {"users.nick_long", 2, "2.1", nick_too_long, {"nick", "who"}},
      {"users.nick_longest", 2, "", longest_nick, {"nick", "who"}},
      {"users.nick_prefix", 2, "2.9", nicks_that_begin_alike, {"nick", "msg"}},
      {"users.nick_taken", 2, "2.2", nick_taken, {"nick", "msg"}},
      {"users.nick_refused", 2, "2.2", refused_change, {"nick", "msg"}},
      {"users.nick_found", 2, "2.1", long_nick_is_found, {"nick", "msg", "who"}},
      {"users.nick_change", 2, "2.4", nick_changes, {"nick", "msg", "who"}},
      {"users.freed_close", 2, "2.3", nick_freed_by_close, {"nick", "msg"}},
      {"users.freed_reset", 2, "2.3", nick_freed_by_reset, {"nick", "msg"}},
      {"users.not_inherited", 2, "2.3", nick_is_not_inherited, {"nick", "msg"}},
      {"users.no_nick", 2, "2.1", no_message_without_a_nick, {"nick", "msg"}},
      {"users.no_nick_all", 2, "2.1", nothing_to_all_without_a_nick, {"nick", "msgall"}},
      {"users.who", 2, "2.5", who, {"who"}},
      {"users.who_many", 2, "", long_list_of_users, {"who", "nick"}},
      {"users.who_left", 2, "2.5", who_after_a_close, {"who"}},
      {"users.who_gap", 2, "2.5", who_behind_a_gap, {"who", "nick"}},
      {"users.whois", 2, "2.6", whois, {"whois"}},
      {"users.whois_left", 2, "2.6", whois_after_a_close, {"whois"}},
      {"users.whois_nobody", 2, "2.6", whois_nobody, {"whois"}},
      {"users.msgall", 2, "2.7", message_to_all, {"msgall"}},
      {"users.msgall_self", 2, "2.8", message_to_all_skips_the_sender, {"msgall"}},
      {"users.msg", 2, "2.9", message_to_one, {"msg"}},
      {"users.msg_long", 2, "2.9", long_message_to_one, {"msg"}},
      {"users.msg_short", 2, "2.9", short_after_long_message, {"msg"}},
      {"users.msg_sender", 2, "2.9", names_the_sender, {"msg"}},
      {"users.msg_nobody", 2, "2.9", message_to_unknown_nick, {"msg"}},
      {"users.msg_order", 2, "2.9", messages_in_order, {"msg"}},
      {"users.msg_forged", 2, "", sender_cannot_be_forged, {"msg"}},
      {"users.msg_gone", 2, "", message_to_a_reset_user, {"msg"}},
      {"users.never_reads", 2, "", never_reads_what_others_send, {"msg"}},
  };
}

}  // namespace check
