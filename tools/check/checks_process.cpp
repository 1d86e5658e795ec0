// What the system sees of the program: descriptors, memory, processor time, signals, crowds.
#include <signal.h>

#include <algorithm>

#include "checks.hpp"
#include "process_view.hpp"

namespace check {

namespace {

using std::chrono::milliseconds;

void descriptors_return_to(stage& s, std::size_t before) {
  if (!s.until([&] { return s.descriptors() <= before; }))
    throw failure{{"due.descriptors", {{"before", std::to_string(before)}}},
                  {"came.descriptors", {{"after", std::to_string(s.descriptors())}}}};
}

void idle(stage& s) {
  s.crowd(3);
  s.is_idle();
}

void idle_after_leaving(stage& s) {
  s.somebody("bob");
  user& alice = s.somebody("alice");
  user& carol = s.somebody("carol");
  alice.closes();
  s.program_lives();
  s.is_idle();
  carol.resets();
  s.program_lives();
  s.is_idle();
}

void idle_after_half_close(stage& s) {
  user& bob = s.somebody("bob");
  s.somebody("alice").half_closes();
  s.is_idle();
  bob.is_served();
}

void closes_its_end(stage& s) {
  const auto before = s.descriptors();
  s.somebody("alice").closes();
  descriptors_return_to(s, before);
}

void closes_after_quit(stage& s) {
  const auto before = s.descriptors();
  user& alice = s.somebody("alice");
  alice.asks("quit");
  alice.is_let_go();
  alice.closes();
  descriptors_return_to(s, before);
}

void hundred_come_and_go(stage& s) {
  const auto before = s.descriptors();
  for (int turn = 0; turn < 100; ++turn) {
    user& guest = s.guest("guest" + std::to_string(turn));
    if (turn % 10 == 0 && !s.speech().knows("nick")) guest.is_served();
    guest.closes();
  }
  s.somebody("alice").closes();
  descriptors_return_to(s, before);
}

void memory_stays(stage& s) {
  user& alice = s.somebody("alice");
  const auto round = [&] {
    for (int turn = 0; turn < 40; ++turn) {
      const auto word = s.word();
      std::string messages;
      for (int n = 0; n < 50; ++n)
        messages += alice.bytes_of("echo", {{"text", word + std::string(200, 'x')}});
      messages += alice.bytes_of("echo", {{"text", word + "end"}});
      alice.sends(messages, "51 echoes");
      alice.hears(word + "end");
    }
  };
  round();
  const auto before = s.memory();
  round();
  const auto after = s.memory();
  if (after > before + (2U << 20) / 8)
    throw failure{{"due.memory"},
                  {"came.grown", {{"kilobytes", std::to_string((after - before) >> 10U)}}}};
}

void same_slot(stage& s) {
  user& alice = s.somebody("alice");
  user& bob = s.somebody("bob");
  user& carol = s.somebody("carol");
  alice.asks("quit");
  alice.is_let_go();
  user& dave = s.somebody("dave");
  for (user* one : {&dave, &carol, &bob, &dave}) {
    const auto word = s.word();
    one->asks("echo", {{"text", word}});
    one->hears(word);
  }
}

void two_hundred(stage& s) {
  std::size_t served = 0;
  user* last = nullptr;
  bool told = false;
  while (served < 200) {
    user& one = s.guest("user" + std::to_string(served + 1));
    last = &one;
    if (s.speech().knows("nick")) one.asks("nick", {{"nick", one.nick()}});
    if (!one.is_served_within(s.with().patience)) {
      told = one.is_gone() || (!one.received().empty() && !s.speech().is("greets"));
      break;
    }
    ++served;
  }
  s.program_lives();
  if (served < 200 && !told) {
    failure wrong{
        {"due.not_silent"}, {"came.capacity", {{"served", std::to_string(served)}}}, last->name()};
    throw failure(wrong);
  }
}

void fifty_at_once(stage& s) {
  s.somebody("alice");
  s.signals(SIGSTOP);
  std::vector<user*> crowd;
  crowd.reserve(50);
  for (int n = 0; n < 50; ++n) crowd.push_back(&s.guest("user" + std::to_string(n + 1)));
  s.signals(SIGCONT);
  for (user* one : crowd) {
    if (s.speech().knows("nick")) one->takes_nick(one->nick());
    one->is_served();
  }
}

void few_descriptors(subject_options& options) { options.descriptors = 24; }

// poll(2) refuses a table that is larger than the limit of descriptors: no fault of the program's.
// It dies of that when it first waits, which on a busy machine may be long after it has begun to
// listen.
user& first_with_few_descriptors(stage& s) {
  try {
    return s.somebody("alice");
  } catch (const failure&) {
    if (s.program_has_ended()) throw cannot_judge{{"why.descriptors"}};
    throw;
  }
}

void out_of_descriptors(stage& s) {
  user& alice = first_with_few_descriptors(s);
  std::vector<user*> crowd;
  crowd.reserve(40);
  for (int n = 0; n < 40; ++n) crowd.push_back(&s.guest("guest" + std::to_string(n + 1)));
  s.pass(milliseconds(100));
  s.program_lives();
  alice.is_served();
  s.is_idle();
  for (user* one : crowd) one->closes();
  s.until([&] { return s.descriptors() < 16; });
  alice.is_served();
  s.somebody("bob");
}

void reset_before_accept(stage& s) {
  user& alice = s.somebody("alice");
  s.signals(SIGSTOP);
  s.guest("ghost").resets();
  s.signals(SIGCONT);
  s.others_are_served(alice);
}

void interrupted(stage& s) {
  user& alice = s.somebody("alice");
  s.interrupts([&] { alice.is_served(); });
  s.others_are_served(alice);
}

void restarts_at_once(stage& s) {
  user& alice = s.somebody("alice");
  s.somebody("bob");
  // The server's end must close first, for that end keeps the port busy.
  s.program().kill();
  s.until([&] { return alice.is_gone(); });
  s.restart();
  s.somebody("carol");
}

void no_keyboard(subject_options& options) { options.standard = standard_files::none; }

void without_keyboard(stage& s) {
  s.others_are_served(s.somebody("alice"));
  s.is_idle();
}

}  // namespace

std::vector<check_case> process_checks() {
  return {
      {"process.idle", 1, "", idle},
      {"process.idle_left", 1, "", idle_after_leaving},
      {"process.idle_half_closed", 1, "", idle_after_half_close},
      {"process.closes", 1, "1.7", closes_its_end},
      {"process.closes_quit", 1, "1.7", closes_after_quit, {"quit"}},
      {"process.come_and_go", 1, "", hundred_come_and_go},
      {"process.memory", 1, "1.7", memory_stays, {"echo"}},
      {"process.same_slot", 1, "", same_slot, {"quit", "echo"}},
      {"process.two_hundred", 1, "", two_hundred},
      {"process.fifty_at_once", 1, "", fifty_at_once},
      {"process.descriptors_out", 1, "", out_of_descriptors, {}, few_descriptors},
      {"process.reset_before_accept", 1, "", reset_before_accept},
      {"process.interrupted", 1, "", interrupted},
      {"process.restarts", 1, "", restarts_at_once},
      {"process.no_keyboard", 1, "", without_keyboard, {}, no_keyboard},
  };
}

}  // namespace check
