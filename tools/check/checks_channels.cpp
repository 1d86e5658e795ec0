// Milestone 3: channels, who is in them, and who hears what.
#include "checks.hpp"

namespace check {

namespace {

// What is told may be news of somebody else; only what is asked next shows that all before is done.
void is_done(user& one) {
  one.is_told();
  one.is_served();
}

// A user who is in @p channel: who made it, or joined it.
user& member(stage& s, const std::string& name, const std::string& channel, const char* how) {
  user& one = s.somebody(name);
  one.asks(how, {{"channel", channel}});
  is_done(one);
  return one;
}

std::string says(stage& s, user& one, const std::string& channel) {
  auto word = s.word();
  one.asks("say", {{"channel", channel}, {"text", word}});
  return word;
}

void created_and_joined(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  alice.hears(says(s, bob, room));
  bob.hears(says(s, alice, room));
}

void refuses_channel(stage& s, const std::string& channel, const std::string& shown) {
  user& alice = s.somebody("alice");
  user& bob = s.somebody("bob");
  alice.asks("create", {{"channel", channel}});
  alice.is_told("bad_channel");
  bob.asks("channels");
  bob.never_hears(shown);
}

void name_with_space(stage& s) {
  const auto word = s.word();
  refuses_channel(s, word + " x", word);
}

void name_with_sign(stage& s) {
  const auto word = s.word();
  refuses_channel(s, word + "@/", word);
}

void listed(stage& s) {
  const auto room = s.word();
  member(s, "alice", room, "create");
  user& bob = s.somebody("bob");
  bob.asks("channels");
  bob.hears(room);
}

// The first keeps her channel: the second is not in it, and is told why.
void not_twice(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& carol = member(s, "carol", room, "join");
  user& bob = s.somebody("bob");
  bob.asks("create", {{"channel", room}});
  bob.is_told("channel_exists");
  const auto word = says(s, alice, room);
  carol.hears(word);
  bob.never_hears(word);
}

void no_such_channel(stage& s) {
  user& alice = s.somebody("alice");
  const auto room = s.word();
  alice.asks("join", {{"channel", room}});
  alice.is_told("no_such_channel");
  alice.asks("channels");
  alice.never_hears(room);
}

void left(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = member(s, "carol", room, "join");
  bob.asks("leave", {{"channel", room}});
  is_done(bob);
  const auto word = says(s, alice, room);
  carol.hears(word);
  bob.never_hears(word);
}

void switched(stage& s) {
  const auto room = s.word();
  const auto other = s.word();
  user& alice = member(s, "alice", room, "create");
  user& carol = member(s, "carol", room, "join");
  member(s, "dave", other, "create");
  user& bob = member(s, "bob", room, "join");
  bob.asks("join", {{"channel", other}});
  is_done(bob);
  const auto word = says(s, alice, room);
  carol.hears(word);
  bob.never_hears(word);
}

void is_gone(stage& s, user& witness, const std::string& room) {
  const auto listed = [&] {
    witness.asks("channels");
    witness.is_served();
    return witness.received().rfind(room) != std::string::npos;
  };
  const auto seen = witness.received().size();
  s.expect(
      [&] {
        listed();
        return witness.received().find(room, seen) == std::string::npos;
      },
      {"due.channel_gone", {{"word", room}}}, {"came.channel_stays", {{"word", room}}});
}

void gone_with_the_last(stage& s) {
  const auto room = s.word();
  user& bob = s.somebody("bob");
  user& alice = member(s, "alice", room, "create");
  alice.asks("leave", {{"channel", room}});
  is_done(alice);
  is_gone(s, bob, room);
}

void gone_with_the_last_connection(stage& s) {
  const auto room = s.word();
  user& bob = s.somebody("bob");
  user& alice = member(s, "alice", room, "create");
  alice.closes();
  s.until([&] { return !s.evidence_of(alice).held; });
  bob.is_served();
  is_gone(s, bob, room);
}

void gone_with_a_reset(stage& s) {
  const auto room = s.word();
  user& bob = s.somebody("bob");
  user& alice = member(s, "alice", room, "create");
  user& carol = member(s, "carol", room, "join");
  alice.resets();
  carol.resets();
  s.until([&] { return !s.evidence_of(alice).held && !s.evidence_of(carol).held; });
  bob.is_served();
  is_gone(s, bob, room);
}

void said_to_members_only(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = s.somebody("carol");
  const auto word = says(s, alice, room);
  bob.hears_once(word);
  carol.never_hears(word);
}

void said_to_the_others(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  const auto word = says(s, alice, room);
  bob.hears(word);
  alice.never_hears(word);
}

void said_from_outside(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& mallory = s.somebody("mallory");
  bob.hears(says(s, alice, room));
  const auto word = says(s, mallory, room);
  mallory.is_served();
  alice.never_hears(word);
}

void two_channels_apart(stage& s) {
  const auto room = s.word();
  const auto other = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = member(s, "carol", other, "create");
  user& dave = member(s, "dave", other, "join");
  const auto word = says(s, alice, room);
  const auto answer = says(s, carol, other);
  bob.hears(word);
  dave.hears(answer);
  dave.never_hears(word);
}

void member_leaves_without_a_word(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = member(s, "carol", room, "join");
  s.signals(SIGSTOP);
  carol.resets();
  const auto word = says(s, alice, room);
  s.signals(SIGCONT);
  bob.hears(word);
  bob.hears(says(s, alice, room));
}

void renamed_stays_in(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  bob.takes_nick(s.word());
  bob.hears(says(s, alice, room));
  alice.hears(says(s, bob, room));
}

void member_never_reads(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = member(s, "carol", room, "join");
  carol.stops_reading();
  const std::string text(3000, 'x');
  // bob takes what comes, all the while: his own queue is never long.
  for (std::size_t sent = 0; sent < 1U << 20; sent += text.size()) {
    const auto word = s.word();
    alice.asks("say", {{"channel", room}, {"text", word + text}});
    bob.hears(word);
  }
  bob.is_served();
}

}  // namespace

std::vector<check_case> channel_checks() {
  const std::vector<std::string> channel{"create", "join", "say"};
  return {
      {"channels.create", 3, "3.2", created_and_joined, channel},
      {"channels.name_space", 3, "3.1", name_with_space, {"create", "channels"}},
      {"channels.name_sign", 3, "3.1", name_with_sign, {"create", "channels"}},
      {"channels.list", 3, "3.3", listed, {"create", "channels"}},
      {"channels.exists", 3, "3.4", not_twice, channel},
      {"channels.no_such", 3, "3.5", no_such_channel, {"join", "channels"}},
      {"channels.leave", 3, "3.5", left, {"leave", "create", "join", "say"}},
      {"channels.switch", 3, "3.6", switched, channel},
      {"channels.gone", 3, "3.7", gone_with_the_last, {"create", "leave", "channels"}},
      {"channels.gone_close", 3, "3.7", gone_with_the_last_connection, {"create", "channels"}},
      {"channels.gone_reset", 3, "3.7", gone_with_a_reset, {"create", "join", "channels"}},
      {"channels.say", 3, "3.8", said_to_members_only, channel},
      {"channels.say_self", 3, "3.8", said_to_the_others, channel},
      {"channels.outsider", 3, "3.8", said_from_outside, channel},
      {"channels.apart", 3, "3.8", two_channels_apart, channel},
      {"channels.renamed", 3, "2.4", renamed_stays_in, {"create", "join", "say", "nick"}},
      {"channels.member_reset", 3, "", member_leaves_without_a_word, channel},
      {"channels.never_reads", 3, "", member_never_reads, channel},
  };
}

}  // namespace check
