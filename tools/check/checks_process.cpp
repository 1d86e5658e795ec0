// The program as the system sees it: descriptors, memory, processor time, signals, many clients.
#include <signal.h>

#include <algorithm>

#include "checks.hpp"
#include "process_view.hpp"

namespace check {

namespace {

using std::chrono::milliseconds;

void descriptors_return_to(stage& s, std::size_t before) {
  if (!s.run_until([&] { return s.descriptors() <= before; }))
    throw failure{{"due.descriptors", {{"before", std::to_string(before)}}},
                  {"came.descriptors", {{"after", std::to_string(s.descriptors())}}}};
}

void idle(stage& s) {
  s.sign_in_users(3);
  s.program_is_idle();
}

void idle_after_leaving(stage& s) {
  s.sign_in("bob");
  user& alice = s.sign_in("alice");
  user& carol = s.sign_in("carol");
  alice.closes();
  s.program_still_runs();
  s.program_is_idle();
  carol.resets();
  s.program_still_runs();
  s.program_is_idle();
}

void idle_after_half_close(stage& s) {
  user& bob = s.sign_in("bob");
  s.sign_in("alice").half_closes();
  s.program_is_idle();
  bob.is_served();
}

void closes_its_end(stage& s) {
  const auto before = s.descriptors();
  s.sign_in("alice").closes();
  descriptors_return_to(s, before);
}

void closes_after_quit(stage& s) {
  const auto before = s.descriptors();
  user& alice = s.sign_in("alice");
  alice.asks("quit");
  alice.is_disconnected();
  alice.closes();
  descriptors_return_to(s, before);
}

void hundred_come_and_go(stage& s) {
  const auto before = s.descriptors();
  for (std::size_t turn = s.affordable(100, 2); turn > 0; --turn) {
    user& guest = s.connect("guest" + std::to_string(turn));
    if (turn % 10 == 0 && !s.dialect().knows("nick")) guest.is_served();
    guest.closes();
  }
  s.catches_up();
  s.sign_in("alice").closes();
  descriptors_return_to(s, before);
}

void memory_stays(stage& s) {
  user& alice = s.sign_in("alice");
  const auto round = [&] {
    for (std::size_t turn = s.affordable(40, 2); turn > 0; --turn) {
      const auto word = s.word();
      std::string messages;
      for (int n = 0; n < 50; ++n) messages += alice.speech(word + std::string(200, 'x'));
      messages += alice.speech(word + "end");
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
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  alice.asks("quit");
  alice.is_disconnected();
  user& dave = s.sign_in("dave");
  for (user* sender : {&dave, &carol, &bob, &dave}) {
    const auto word = s.word();
    sender->speaks(word);
    sender->hears(word);
  }
}

// A text without its digits: a greeting may tell the time, or how many clients there are.
std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

// What a client receives before it has sent anything.
std::string greeting_of(user& newcomer) {
  newcomer.lets_answers_come();
  return without_digits(newcomer.received());
}

// A greeting that every client gets does not tell this one that there is no room.
bool was_refused(const user& newcomer, const std::string& greeting, const std::string& usual) {
  return newcomer.is_gone() || greeting != usual || !newcomer.heard().empty();
}

bool is_taken_in(stage& s, user& newcomer) {
  if (s.dialect().knows("nick")) newcomer.asks("nick", {{"nick", newcomer.nick()}});
  return newcomer.is_served_within(s.options().patience);
}

void two_hundred(stage& s) {
  std::string usual;
  const std::size_t number = s.affordable(200, 3);
  for (std::size_t served = 0; served < number; ++served) {
    user& newcomer = s.connect("user" + std::to_string(served + 1));
    const auto greeting = greeting_of(newcomer);
    if (served == 0) usual = greeting;
    if (is_taken_in(s, newcomer)) continue;
    s.program_still_runs();
    if (was_refused(newcomer, greeting, usual)) return;
    throw failure{{"due.not_silent"},
                  {"came.capacity", {{"served", std::to_string(served)}}},
                  newcomer.name()};
  }
}

// A client that has to wait for a place in the backlog connects all the same, for its kernel tries
// again.
void fifty_at_once(stage& s) {
  user& alice = s.connect("alice");
  const auto usual = greeting_of(alice);
  const auto crowd = s.connect_crowd(s.affordable(50, 3));
  s.catches_up();
  for (user* guest : crowd) {
    const auto greeting = greeting_of(*guest);
    if (is_taken_in(s, *guest) || was_refused(*guest, greeting, usual)) continue;
    s.note_if_backlog_full();
    guest->is_served();
  }
}

constexpr std::size_t few_descriptors_limit = 24;

// poll(2) fails for a table that is larger than the limit of descriptors, which is not an error of
// the program: it may hand over its whole table, with free places. So the limit is lowered while it
// runs. The first answer may come from a call of poll that began before.
void leave_few_descriptors(stage& s, user& witness) {
  if (!s.program().limit_descriptors(few_descriptors_limit) ||
      !witness.is_served_within(s.options().patience) ||
      !witness.is_served_within(s.options().patience))
    throw cannot_judge{{"why.descriptors"}};
}

void out_of_descriptors(stage& s) {
  user& alice = s.sign_in("alice");
  leave_few_descriptors(s, alice);
  // A few more than it has descriptors for. They must fit into a small backlog.
  const auto crowd = s.connect_crowd(few_descriptors_limit + 4 - s.descriptors());
  s.run_for(milliseconds(100));
  s.catches_up();
  s.program_still_runs();
  alice.is_served();
  s.program_is_idle();
  for (user* guest : crowd) guest->closes();
  s.run_until([&] { return s.descriptors() < 16; });
  s.catches_up();
  alice.is_served();
  s.sign_in("bob");
}

void reset_before_accept(stage& s) {
  user& alice = s.sign_in("alice");
  s.send_signal(SIGSTOP);
  s.connect("ghost").resets();
  s.send_signal(SIGCONT);
  s.others_are_served(alice);
}

void interrupted(stage& s) {
  user& alice = s.sign_in("alice");
  s.interrupt([&] { alice.is_served(); });
  s.others_are_served(alice);
}

void restarts_at_once(stage& s) {
  user& alice = s.sign_in("alice");
  s.sign_in("bob");
  // The server's end must close first: the end that closes first is in TIME_WAIT afterwards.
  s.program().kill();
  s.run_until([&] { return alice.is_gone(); });
  s.restart();
  s.sign_in("carol");
}

void no_keyboard(stage_options& options) { options.program.standard = standard_files::none; }

void without_keyboard(stage& s) {
  s.others_are_served(s.sign_in("alice"));
  s.program_is_idle();
}

void piped_keyboard(stage_options& options) { options.program.standard = standard_files::pipes; }

// The end of the input of a program that was started by another: `something | ./server`.
void keyboard_ends(stage& s) {
  channel files = s.program().take_standard_files();
  files.end_writing();
  without_keyboard(s);
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
      {"process.memory", 1, "1.7", memory_stays},
      {"process.same_slot", 1, "", same_slot, {"quit"}},
      {"process.two_hundred", 1, "", two_hundred},
      {"process.fifty_at_once", 1, "", fifty_at_once},
      {"process.descriptors_out", 1, "", out_of_descriptors},
      {"process.reset_before_accept", 1, "", reset_before_accept},
      {"process.interrupted", 1, "", interrupted},
      {"process.restarts", 1, "", restarts_at_once},
      {"process.no_keyboard", 1, "", without_keyboard, {}, no_keyboard},
      {"process.keyboard_ends", 1, "", keyboard_ends, {}, piped_keyboard},
  };
}

}  // namespace check
