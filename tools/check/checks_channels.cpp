// Milestone 3: channels, their members, and who receives what.
#include "checks.hpp"

namespace check {

namespace {

// Waits until the server has handled a request. The first message may be an event about another
// user, so the ping after it shows that everything before is done.
void wait_until_handled(user& asker) {
  asker.gets_answer();
  asker.is_served();
}

void enter(user& newcomer, const std::string& channel, const std::string& how) {
  newcomer.asks(how, {{"channel", channel}});
  wait_until_handled(newcomer);
}

// Signs in a user and makes them a member of @p channel. @param how "create" or "join"
user& member(stage& s, const std::string& name, const std::string& channel,
             const std::string& how) {
  user& newcomer = s.sign_in(name);
  enter(newcomer, channel, how);
  // That the creator is outside is one failure, and no reason for others.
  if (how == "create" && s.options().creator_joins) enter(newcomer, channel, "join");
  return newcomer;
}

std::string says(stage& s, user& speaker, const std::string& channel) {
  auto word = s.word();
  speaker.asks("say", {{"channel", channel}, {"text", word}});
  return word;
}

void hear_each_other(stage& s, user& alice, user& bob, const std::string& room) {
  alice.hears(says(s, bob, room));
  bob.hears(says(s, alice, room));
}

void new_channel_serves(stage& s, const std::string& creator, const std::string& other,
                        const std::string& room) {
  user& first = member(s, creator, room, "create");
  user& second = member(s, other, room, "join");
  hear_each_other(s, first, second, room);
}

void created_and_joined(stage& s) {
  const auto room = s.word();
  user& alice = s.sign_in("alice");
  enter(alice, room, "create");
  user& bob = member(s, "bob", room, "join");
  try {
    hear_each_other(s, alice, bob, room);
  } catch (const failure&) {
    if (s.options().creator_joins) s.note("fact.creator_outside", {{"who", "alice"}});
    throw;
  }
}

void refuses_channel(stage& s, const std::string& channel, const std::string& shown) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  alice.asks("create", {{"channel", channel}});
  alice.gets_answer("bad_channel");
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
  const auto other = s.word();
  member(s, "alice", room, "create");
  member(s, "carol", other, "create");
  user& bob = s.sign_in("bob");
  for (const auto& name : {room, other}) {
    bob.asks("channels");
    bob.hears(name);
  }
}

// The first user keeps the channel. The second is refused, and is not in it.
void existing_channel_is_refused(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& carol = member(s, "carol", room, "join");
  user& bob = s.sign_in("bob");
  bob.asks("create", {{"channel", room}});
  bob.gets_answer("channel_exists");
  const auto word = says(s, alice, room);
  carol.hears(word);
  bob.never_hears(word);
}

void no_such_channel(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto room = s.word();
  alice.asks("join", {{"channel", room}});
  alice.gets_answer("no_such_channel");
  // The refusal may quote the name, so somebody else asks for the list.
  bob.asks("channels");
  bob.never_hears(room);
}

// The refused request has left nothing behind: the name is free.
void created_after_refusal(stage& s) {
  user& alice = s.sign_in("alice");
  const auto room = s.word();
  new_channel_serves(s, "bob", "carol", s.word());
  alice.asks("join", {{"channel", room}});
  alice.gets_answer();
  expect_noting(s, "fact.refused_before", {{"request", "join"}},
                [&] { new_channel_serves(s, "dave", "erin", room); });
}

void no_channel_without_a_nick(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.connect("alice");
  const auto room = s.word();
  alice.asks("create", {{"channel", room}});
  alice.gets_answer("nick_required");
  bob.asks("channels");
  bob.never_hears(room);
}

void leaves_channel(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = member(s, "carol", room, "join");
  bob.asks("leave", {{"channel", room}});
  wait_until_handled(bob);
  const auto word = says(s, alice, room);
  carol.hears(word);
  bob.never_hears(word);
}

// Who names another channel than their own stays in their own.
void leaves_another_channel(stage& s) {
  const auto room = s.word();
  const auto other = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  if (bob.bytes_of("leave", {{"channel", other}}) == bob.bytes_of("leave", {{"channel", room}}))
    throw cannot_judge{{"why.no_request", {{"request", "leave CHANNEL"}}}};
  member(s, "carol", other, "create");
  hear_each_other(s, alice, bob, room);
  bob.asks("leave", {{"channel", other}});
  wait_until_handled(bob);
  expect_noting(s, "fact.left_other", {{"who", "bob"}},
                [&] { hear_each_other(s, alice, bob, room); });
}

// Bob is in one channel, and enters another.
void changes_channel(stage& s, const std::string& how) {
  const auto room = s.word();
  const auto other = s.word();
  user& alice = member(s, "alice", room, "create");
  user& carol = member(s, "carol", room, "join");
  if (how == "join") member(s, "dave", other, "create");
  user& bob = member(s, "bob", room, "join");
  bob.asks(how, {{"channel", other}});
  wait_until_handled(bob);
  const auto word = says(s, alice, room);
  carol.hears(word);
  bob.never_hears(word);
}

void joins_another_channel(stage& s) { changes_channel(s, "join"); }
void creates_another_channel(stage& s) { changes_channel(s, "create"); }

void expect_removed(stage& s, user& witness, const std::string& room) {
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

void removed_after_last_leave(stage& s) {
  const auto room = s.word();
  user& bob = s.sign_in("bob");
  user& alice = member(s, "alice", room, "create");
  alice.asks("leave", {{"channel", room}});
  wait_until_handled(alice);
  expect_removed(s, bob, room);
}

void removed_after_joining_twice(stage& s) {
  removed_after_last_leave(s);
  const auto room = s.word();
  user& carol = s.sign_in("carol");
  user& dave = member(s, "dave", room, "create");
  enter(dave, room, "join");
  dave.asks("leave", {{"channel", room}});
  wait_until_handled(dave);
  expect_noting(s, "fact.joined_twice", {{"who", "dave"}}, [&] { expect_removed(s, carol, room); });
}

void removed_after_last_close(stage& s) {
  const auto room = s.word();
  user& bob = s.sign_in("bob");
  user& alice = member(s, "alice", room, "create");
  alice.closes();
  s.run_until([&] { return !s.evidence_of(alice).held; });
  bob.is_served();
  expect_removed(s, bob, room);
}

void removed_after_resets(stage& s) {
  const auto room = s.word();
  user& bob = s.sign_in("bob");
  user& alice = member(s, "alice", room, "create");
  user& carol = member(s, "carol", room, "join");
  alice.resets();
  carol.resets();
  s.run_until([&] { return !s.evidence_of(alice).held && !s.evidence_of(carol).held; });
  bob.is_served();
  expect_removed(s, bob, room);
}

void said_to_members_only(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = s.sign_in("carol");
  const auto word = says(s, alice, room);
  bob.hears_once(word);
  carol.never_hears(word);
}

void not_said_to_the_sender(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  const auto word = says(s, alice, room);
  bob.hears(word);
  alice.never_hears(word);
}

void outsider_cannot_speak(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& mallory = s.sign_in("mallory");
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

void member_resets(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = member(s, "carol", room, "join");
  s.send_signal(SIGSTOP);
  carol.resets();
  const auto word = says(s, alice, room);
  s.send_signal(SIGCONT);
  bob.hears(word);
  bob.hears(says(s, alice, room));
}

void renamed_member_stays(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  hear_each_other(s, alice, bob, room);
  bob.takes_nick(s.word());
  expect_noting(s, "fact.renamed", {{"who", "bob"}}, [&] { hear_each_other(s, alice, bob, room); });
}

// A newcomer may be given the place of a member who has left, but not their channel.
void channel_is_not_inherited(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = member(s, "carol", room, "join");
  carol.closes();
  s.catches_up();
  user& dave = s.sign_in("dave");
  user& erin = s.sign_in("erin");
  const auto word = says(s, alice, room);
  bob.hears(word);
  erin.never_hears(word);
  expect_noting(s, "fact.newcomer", {{"who", "dave"}}, [&] { dave.never_hears(word); });
}

void member_never_reads(stage& s) {
  const auto room = s.word();
  user& alice = member(s, "alice", room, "create");
  user& bob = member(s, "bob", room, "join");
  user& carol = member(s, "carol", room, "join");
  carol.stops_reading();
  const std::string text(600, 'x');  // fits into the usual buffers
  // bob reads all the time, so his own queue stays short.
  s.fill_the_way_to(carol, text.size(), [&] {
    const auto word = s.word();
    alice.asks("say", {{"channel", room}, {"text", word + text}});
    bob.hears(word);
    return true;
  });
  bob.is_served();
  s.require_full(carol);
}

}  // namespace

void hears_in_own_channel(stage& s) { new_channel_serves(s, "alice", "bob", s.word()); }

std::vector<check_case> channel_checks() {
  const std::vector<std::string> channel{"create", "join", "say"};
  return {
      {"channels.create", 3, "3.2", created_and_joined, channel},
      {"channels.name_space", 3, "3.1", name_with_space, {"create", "channels"}},
      {"channels.name_sign", 3, "3.1", name_with_sign, {"create", "channels"}},
      {"channels.list", 3, "3.3", listed, {"create", "channels"}},
      {"channels.exists", 3, "3.4", existing_channel_is_refused, channel},
      {"channels.no_such", 3, "3.5", no_such_channel, {"join", "channels"}},
      {"channels.refused", 3, "3.5", created_after_refusal, channel},
      {"channels.no_nick", 3, "2.1", no_channel_without_a_nick, {"create", "channels", "nick"}},
      {"channels.leave", 3, "3.5", leaves_channel, {"leave", "create", "join", "say"}},
      {"channels.leave_other",
       3,
       "3.5",
       leaves_another_channel,
       {"leave", "create", "join", "say"}},
      {"channels.switch", 3, "3.6", joins_another_channel, channel},
      {"channels.switch_new", 3, "3.6", creates_another_channel, channel},
      {"channels.gone", 3, "3.7", removed_after_last_leave, {"create", "leave", "channels"}},
      {"channels.gone_twice",
       3,
       "3.7",
       removed_after_joining_twice,
       {"create", "join", "leave", "channels"}},
      {"channels.gone_close", 3, "3.7", removed_after_last_close, {"create", "channels"}},
      {"channels.gone_reset", 3, "3.7", removed_after_resets, {"create", "join", "channels"}},
      {"channels.say", 3, "3.8", said_to_members_only, channel},
      {"channels.say_self", 3, "3.8", not_said_to_the_sender, channel},
      {"channels.outsider", 3, "3.8", outsider_cannot_speak, channel},
      {"channels.apart", 3, "3.8", two_channels_apart, channel},
      {"channels.renamed", 3, "2.4", renamed_member_stays, {"create", "join", "say", "nick"}},
      {"channels.member_reset", 3, "", member_resets, channel},
      {"channels.not_inherited", 3, "3.8", channel_is_not_inherited, channel},
      {"channels.never_reads", 3, "", member_never_reads, channel},
  };
}

}  // namespace check
