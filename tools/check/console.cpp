// The user at the keyboard and screen of a graded client.
#include "console.hpp"

#include "stage.hpp"

namespace check {

void console::types(const std::string& line) { types_all({line}); }

void console::types_all(const std::vector<std::string>& lines) {
  std::string typed;
  for (const auto& line : lines) typed += line + (is_terminal_ ? "\r" : "\n");
  sends(typed, "typed");
}

void console::asks(const std::string& request, const tools::arguments& values) {
  const auto line = dialect_.command_for(request, values);
  if (!line) throw cannot_judge{{"why.not_typed", {{"request", request}}}};
  types(*line);
}

void console::ends_input() {
  stage_.run_until([&] { return is_gone() || all_sent(); });
  half_closes();
}

void console::sees(std::string_view word) {
  if (wait_for(word)) return;
  note_if_cut(word);
  const failure wrong{{"due.shows", {{"word", std::string(word)}}}, describe_received(), name()};
  if (!is_terminal_ && !is_gone()) note_if_output_kept(word);
  throw failure(wrong);
}

// stdio buffers what is printed to a pipe, so it may appear only when the program ends.
void console::note_if_output_kept(std::string_view word) {
  stage_.keep_evidence();  // the following steps end the client
  stage_.note("note.ends_input");
  ends_input();
  stage_.server().half_closes();
  stage_.run_until([&] { return is_gone(); });
  if (heard().find(word) != std::string_view::npos) stage_.note("fact.shown_at_end");
}

void console::sees_in_order(const std::vector<std::string>& words) {
  sees(words.front());
  hears_in_order(words);
}

void console::sees_once(std::string_view word) {
  sees(word);
  const std::string last = stage_.word();
  const auto from = mark_offset();
  stage_.server().says("text", {{"text", last}});
  sees(last);
  const auto first = received().find(word, from);
  const auto again = received().find(word, first + word.size());
  if (again != std::string::npos) fail({"due.shows_once", {{"word", std::string(word)}}}, again);
}

void console::never_sees(std::string_view bytes, const std::string& expected) {
  const std::string last = stage_.word();
  const auto from = mark_offset();
  stage_.server().says("text", {{"text", last}});
  sees(last);
  if (const auto found = received().find(bytes, from); found != std::string::npos)
    fail({expected, {{"word", std::string(bytes)}}}, found);
}

void console::sees_something() {
  if (!stage_.run_until([&] { return is_gone() || !heard().empty(); }) || heard().empty())
    fail({"due.user_told"});
}

void console::is_served() {
  const std::string typed = stage_.word();
  types(typed);
  stage_.server().is_asked("echo", {{"text", typed}});
  sees(typed);
  const std::string shown = stage_.word();
  stage_.server().says("text", {{"text", shown}});
  sees(shown);
}

void console::send_probe() {
  const std::string last = stage_.word();
  stage_.server().says("text", {{"text", last}});
  wait_for(last);
}

}  // namespace check
