// Milestone 1 of a client: its user and its server, through pipes and at a terminal.
#include <signal.h>

#include "checks.hpp"

namespace check::client {

namespace {

void at_a_terminal(stage_options& options) { options.program.standard = standard_files::terminal; }

// A typed line is sent, and the answer to it is shown.
void expect_answer_shown(stage& s) {
  const auto typed = s.word();
  const auto answer = s.word();
  s.server().answers("echo", "echo", {{"text", answer}});
  s.terminal().types(typed);
  s.server().is_asked("echo", {{"text", typed}});
  s.terminal().sees(answer);
}

void connects(stage& s) { s.server(); }

void reports_that_nobody_listens(stage& s) {
  s.server();
  s.stop_listening();
  s.restart();
  s.terminal().sees_something();
  s.program_ends();
  if (s.program().ended()->number == 0)
    throw failure{{"due.status_failure"}, {"came.status", {{"status", "0"}}}};
}

void sends_what_is_typed(stage& s) {
  host& server = s.server();
  const auto word = s.word();
  s.terminal().types(word);
  server.is_asked("echo", {{"text", word}});
}

void shows_what_comes_back(stage& s) {
  s.server();
  expect_answer_shown(s);
}

void text_is_unchanged(stage& s) {
  const auto typed =
      s.word() + "  tout va bien, \xC3\xA0 bient\xC3\xB4t! \"" + s.word() + "\" 100%d {}";
  const auto answer = s.word() +
                      "  \xC3\xA7"
                      "a marche! \"oui\" 100%d {} " +
                      s.word();
  s.server().answers("echo", "echo", {{"text", answer}});
  s.terminal().types(typed);
  s.server().is_asked("echo", {{"text", typed}});
  s.terminal().sees(answer);
}

void line_after_line(stage& s) {
  s.server();
  for (int turn = 0; turn < 5; ++turn) expect_answer_shown(s);
}

// The lines arrive in one read, as from a file, and poll reports them only once.
void several_lines_at_once(stage& s) {
  const std::vector<std::string> words{s.word(), s.word(), s.word()};
  host& server = s.server();
  s.terminal().types_all(words);
  server.is_asked_in_order("echo", words);
}

void shows_unasked(stage& s) {
  const auto word = s.word();
  s.server().says("text", {{"text", word}});
  s.terminal().sees(word);
}

void quits(stage& s) {
  host& server = s.server();
  s.terminal().asks("quit");
  server.is_disconnected();
  s.program_ends(0);
}

void ends_with_its_input(stage& s) {
  host& server = s.server();
  const auto typed = s.word();
  const auto answer = s.word();
  server.answers("echo", "echo", {{"text", answer}});
  s.terminal().types(typed);
  s.terminal().ends_input();
  server.is_asked("echo", {{"text", typed}});
  s.terminal().hears(answer);
  s.program_ends(0);
}

void ends_at_control_d(stage& s) {
  host& server = s.server();
  s.terminal().is_served();
  s.terminal().ends_input();
  server.is_disconnected();
  s.program_ends(0);
}

// A message that arrives while a line is being typed is shown, and the typed letters are kept.
void half_typed(stage& s) {
  host& server = s.server();
  s.terminal().is_served();
  const auto line = s.word() + s.word();
  const auto word = s.word();
  s.terminal().types_keys(line.substr(0, 7));
  server.says("text", {{"text", word}});
  s.terminal().sees(word);
  s.terminal().types(line.substr(7));
  server.is_asked("echo", {{"text", line}});
}

void window_changes(stage& s) {
  s.server();
  s.terminal().is_served();
  s.send_signal(SIGWINCH);
  s.terminal().is_served();
}

}  // namespace

std::vector<check_case> program_checks() {
  return {
      {"client.connects", 1, "1.1", connects},
      {"client.nobody_listens", 1, "1.1", reports_that_nobody_listens},
      {"client.sends", 1, "1.4", sends_what_is_typed, {"echo"}},
      {"client.shows", 1, "1.4", shows_what_comes_back, {"echo"}},
      {"client.exact", 1, "1.4", text_is_unchanged, {"echo"}},
      {"client.again", 1, "1.4", line_after_line, {"echo"}},
      {"client.several_lines", 1, "1.5", several_lines_at_once, {"echo"}},
      {"client.unasked", 1, "1.5", shows_unasked},
      {"client.quit", 1, "1.7", quits},
      {"client.end_of_input", 1, "1.7", ends_with_its_input, {"echo"}},
      {"terminal.sends", 1, "1.4", sends_what_is_typed, {"echo"}, at_a_terminal},
      {"terminal.shows", 1, "1.5", shows_unasked, {}, at_a_terminal},
      {"terminal.half_typed", 1, "1.5", half_typed, {"echo"}, at_a_terminal},
      {"terminal.quit", 1, "1.7", quits, {}, at_a_terminal},
      {"terminal.control_d", 1, "1.7", ends_at_control_d, {"echo"}, at_a_terminal},
      {"terminal.window", 1, "", window_changes, {"echo"}, at_a_terminal},
  };
}

}  // namespace check::client
