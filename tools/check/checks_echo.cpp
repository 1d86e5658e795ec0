// Milestone 1: a line is sent back to its sender, and to nobody else.
#include "checks.hpp"
#include "process_view.hpp"

namespace check {

namespace {

void listens(stage& s) { s.connect("alice"); }

// A port that is burnt in may by chance be the one that was asked for.
void another_port(stage_options& options) {
  constexpr std::uint16_t other = 47811;
  const bool chosen_here = options.host.empty() && !options.dialect.port();
  if (chosen_here && options.program.port == 8080) options.program.port = other;
}

void listens_elsewhere(stage& s) {
  s.program();
  if (s.dialect().port()) throw cannot_judge{{"why.not_promised", {{"property", "port"}}}};
  s.connect("alice");
}

void echo_comes_back(stage& s) {
  user& alice = s.sign_in("alice");
  const auto word = s.word();
  alice.asks("echo", {{"text", word}});
  alice.hears(word);
}

void echo_is_unchanged(stage& s) {
  user& alice = s.sign_in("alice");
  const auto text =
      s.word() + "  tout va bien, \xC3\xA0 bient\xC3\xB4t! \"" + s.word() + "\" 100%d {}";
  alice.asks("echo", {{"text", text}});
  alice.hears_text(text);
}

void long_text(stage& s) {
  user& alice = s.sign_in("alice");
  const auto text = s.word() + std::string(900, 'x') + s.word();
  alice.asks("echo", {{"text", text}});
  alice.hears(text);
}

void one_after_the_other(stage& s) {
  user& alice = s.sign_in("alice");
  for (int turn = 0; turn < 5; ++turn) {
    const auto word = s.word();
    alice.asks("echo", {{"text", word}});
    alice.hears_once(word);
  }
}

// What is behind the end of a short text in the program's buffer is not sent.
void short_after_long(stage& s) {
  user& alice = s.sign_in("alice");
  const auto end = s.word();
  for (const auto& text : {s.word() + std::string(300, 'x') + end, s.word()}) {
    alice.asks("echo", {{"text", text}});
    alice.hears(text);
  }
  expect_noting(s, "fact.stale", {{"word", end}}, [&] { alice.never_hears(end); });
}

void several_clients(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  for (user* sender : {&carol, &alice, &bob, &alice}) {
    const auto word = s.word();
    sender->speaks(word);
    sender->hears(word);
  }
}

void nobody_else(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto word = s.word();
  alice.asks("echo", {{"text", word}});
  alice.hears(word);
  bob.never_hears(word);
}

void quit(stage& s) {
  user& alice = s.sign_in("alice");
  alice.asks("quit");
  alice.is_disconnected();
  s.program_still_runs();
}

void quit_leaves_the_others(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  alice.asks("quit");
  alice.is_disconnected();
  bob.is_served();
  carol.is_served();
}

void one_process_one_thread(stage& s) {
  s.sign_in_users(3);
  const auto pid = s.program().serving_pid();
  const auto threads = threads_of(pid);
  const auto children = children_of(pid).size();
  if (threads > 1 || children > 0)
    throw failure{{"due.one_thread"},
                  {"came.threads",
                   {{"threads", std::to_string(threads)}, {"children", std::to_string(children)}}}};
}

}  // namespace

std::vector<check_case> echo_checks() {
  return {
      {"echo.listens", 1, "1.2", listens},
      {"echo.other_port", 1, "1.2", listens_elsewhere, {}, another_port},
      {"echo.comes_back", 1, "1.4", echo_comes_back, {"echo"}},
      {"echo.exact", 1, "1.4", echo_is_unchanged, {"echo"}},
      {"echo.long", 1, "1.4", long_text, {"echo"}},
      {"echo.again", 1, "1.4", one_after_the_other, {"echo"}},
      {"echo.short", 1, "1.4", short_after_long, {"echo"}},
      {"echo.several", 1, "1.3", several_clients},
      {"echo.one_thread", 1, "1.3", one_process_one_thread},
      {"echo.nobody_else", 1, "1.6", nobody_else, {"echo"}},
      {"echo.quit", 1, "1.7", quit, {"quit"}},
      {"echo.quit_others", 1, "1.7", quit_leaves_the_others, {"quit"}},
  };
}

}  // namespace check
