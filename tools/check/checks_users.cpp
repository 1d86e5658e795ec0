// Milestone 2: nicks, the list of users, and messages to one user and to all.
#include "checks.hpp"

namespace check {

namespace {

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

void who(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  // A list may leave out whoever asks for it.
  alice.asks("who");
  alice.hears(bob.nick());
  bob.asks("who");
  bob.hears(alice.nick());
  bob.asks("who");
  bob.hears(carol.nick());
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
  for (const auto& nick : nicks) {
    if (list.find(nick) != list.npos) continue;
    alice.asks("who");
    alice.hears(nick);
  }
}

void who_after_a_close(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  alice.asks("who");
  alice.hears(bob.nick());
  bob.closes();
  const auto still_there = [&] {
    return alice.answer_to("who").find(bob.nick()) != std::string::npos;
  };
  s.expect([&] { return !still_there(); }, {"due.not_listed", {{"who", "bob"}}},
           {"came.still_listed", {{"word", bob.nick()}}});
}

std::string swapped(std::uint16_t port) {
  return std::to_string(static_cast<std::uint16_t>(port << 8U | port >> 8U));
}

void whois(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  s.sign_in("carol");  // bob is neither the first user nor the newest
  alice.asks("whois", {{"nick", bob.nick()}});
  alice.hears("127.0.0.1");
  try {
    alice.hears(std::to_string(bob.port()));
  } catch (const failure&) {
    if (alice.heard().find(swapped(bob.port())) != std::string_view::npos)
      s.note("fact.port_swapped");
    throw;
  }
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
  carol.hears(word);
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
  const auto nick = alice.nick();
  (alice.*leave)();
  user& carol = s.sign_in("carol");
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

void no_message_without_a_nick(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.connect("alice");
  const auto word = s.word();
  alice.asks("msg", {{"nick", bob.nick()}, {"text", word}});
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
      {"users.nick_taken", 2, "2.2", nick_taken, {"nick", "msg"}},
      {"users.nick_change", 2, "2.4", nick_changes, {"nick", "msg", "who"}},
      {"users.freed_close", 2, "2.3", nick_freed_by_close, {"nick", "msg"}},
      {"users.freed_reset", 2, "2.3", nick_freed_by_reset, {"nick", "msg"}},
      {"users.no_nick", 2, "2.1", no_message_without_a_nick, {"nick", "msg"}},
      {"users.who", 2, "2.5", who, {"who"}},
      {"users.who_many", 2, "", long_list_of_users, {"who", "nick"}},
      {"users.who_left", 2, "2.5", who_after_a_close, {"who"}},
      {"users.whois", 2, "2.6", whois, {"whois"}},
      {"users.whois_nobody", 2, "2.6", whois_nobody, {"whois"}},
      {"users.msgall", 2, "2.7", message_to_all, {"msgall"}},
      {"users.msgall_self", 2, "2.8", message_to_all_skips_the_sender, {"msgall"}},
      {"users.msg", 2, "2.9", message_to_one, {"msg"}},
      {"users.msg_long", 2, "2.9", long_message_to_one, {"msg"}},
      {"users.msg_sender", 2, "2.9", names_the_sender, {"msg"}},
      {"users.msg_nobody", 2, "2.9", message_to_unknown_nick, {"msg"}},
      {"users.msg_order", 2, "2.9", messages_in_order, {"msg"}},
      {"users.msg_forged", 2, "", sender_cannot_be_forged, {"msg"}},
      {"users.msg_gone", 2, "", message_to_a_reset_user, {"msg"}},
      {"users.never_reads", 2, "", never_reads_what_others_send, {"msg"}},
  };
}

}  // namespace check
