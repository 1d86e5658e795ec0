// At a client's keyboard and screen.
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
  const auto line = speech_.typed(request, values);
  if (!line) throw cannot_judge{{"why.not_typed", {{"request", request}}}};
  types(*line);
}

void console::ends_input() {
  on().until([&] { return is_gone() || all_sent(); });
  half_closes();
}

void console::sees(std::string_view word) {
  if (awaits(word)) return;
  const failure wrong{{"due.shows", {{"word", std::string(word)}}}, what_came(), name()};
  if (!is_terminal_ && !is_gone()) look_for_kept_output(word);
  throw failure(wrong);
}

// What is printed through a pipe may wait in a buffer of stdio's until the program ends.
void console::look_for_kept_output(std::string_view word) {
  on().keeps_evidence();  // as it is now: what follows ends the client
  on().note("note.ends_input");
  ends_input();
  on().server().half_closes();
  on().until([&] { return is_gone(); });
  if (heard().find(word) != std::string_view::npos) on().note("fact.shown_at_end");
}

void console::sees_in_order(const std::vector<std::string>& words) {
  sees(words.front());
  hears_in_order(words);
}

void console::sees_once(std::string_view word) {
  sees(word);
  const std::string last = on().word();
  const auto from = marked();
  on().server().says("text", {{"text", last}});
  sees(last);
  const auto first = received().find(word, from);
  const auto again = received().find(word, first + word.size());
  if (again != std::string::npos) fail({"due.shows_once", {{"word", std::string(word)}}}, again);
}

void console::never_sees(std::string_view bytes, const std::string& due) {
  const std::string last = on().word();
  const auto from = marked();
  on().server().says("text", {{"text", last}});
  sees(last);
  if (const auto found = received().find(bytes, from); found != std::string::npos)
    fail({due, {{"word", std::string(bytes)}}}, found);
}

void console::is_told() {
  if (!on().until([&] { return is_gone() || !heard().empty(); }) || heard().empty())
    fail({"due.user_told"});
}

void console::is_served() {
  const std::string typed = on().word();
  types(typed);
  on().server().is_asked("echo", {{"text", typed}});
  sees(typed);
  const std::string said = on().word();
  on().server().says("text", {{"text", said}});
  sees(said);
}

void console::nudge() {
  const std::string last = on().word();
  on().server().says("text", {{"text", last}});
  awaits(last);
}

}  // namespace check
