// A client of the graded server.
#include "user.hpp"

#include <algorithm>
#include <sstream>

#include "stage.hpp"
#include "story_view.hpp"

namespace check {

using tools::wire_kind;

// ---- what a user does ----

std::string user::bytes_of(const std::string& request, tools::arguments values) const {
  values.try_emplace("me", nick_);
  if (!stage_.dialect().knows(request))
    throw cannot_judge{{"why.no_request", {{"request", request}}}};
  return stage_.dialect().encode(request, values);
}

void user::asks(const std::string& request, tools::arguments values) {
  lets_answers_come();
  if (request == "quit") state_.quit = true;
  const auto label = label_of(request, values);
  sends(bytes_of(request, std::move(values)), label);
}

// Says what is special about a request. It may be what the program trips over.
std::string user::label_of(const std::string& request, const tools::arguments& values) const {
  const auto was_asked_for = [&](const char* kind, const std::string& name) {
    const auto& events = stage_.story().events();
    return std::any_of(events.begin(), events.end(), [&](const tools::wire_event& event) {
      return event.kind == wire_kind::sent && event.label == kind &&
             event.bytes.find(name) != std::string::npos;
    });
  };
  const auto nick = values.find("nick");
  const auto channel = values.find("channel");
  const auto text = values.find("text");
  const auto special = [&](std::string_view what) { return request + ", " + std::string(what); };
  if (nick != values.end() && request != "nick" && stage_.dialect().knows("nick") &&
      !was_asked_for("nick", nick->second))
    return special(absent_nick);
  if (channel != values.end() && request != "create" && stage_.dialect().knows("create") &&
      !was_asked_for("create", channel->second))
    return special(absent_channel);
  return text != values.end() && text->second.empty() ? special(without_text) : request;
}

void user::attacks(const std::string& name, tools::arguments values) {
  values.try_emplace("me", nick_);
  const auto bytes = stage_.dialect().attack(name, values);
  if (!bytes) throw cannot_judge{{"why.no_attack", {{"attack", name}}}};
  lets_answers_come();
  sends(*bytes, name);
}

void user::sends_in_pieces(const std::vector<std::string>& pieces, const std::string& label) {
  std::string all;
  for (const auto& piece : pieces) all += piece;
  const bool one_message = stage_.dialect().split(all).size() == 1;
  const std::size_t before = received().size();
  note_cuts(pieces);
  if (!send_pieces(pieces, label) || !one_message) return;
  stage_.note("fact.early_answer", {{"who", name()}});
  fail({"due.not_early", {{"who", name()}}}, before);
}

std::string user::speech(const std::string& text) const {
  const auto& request = stage_.options().ping;
  if (request != "echo" && request != "msg")
    throw cannot_judge{{"why.no_request", {{"request", "echo"}}}};
  return bytes_of(request, {{"nick", nick_}, {"text", text}});
}

void user::speaks(const std::string& text) {
  const auto bytes = speech(text);
  lets_answers_come();
  sends(bytes, label_of(stage_.options().ping, {{"text", text}}));
}

// A program may send a greeting, or an answer's header, before the rest. An answer that is not in
// the dialect's framing is not waited for again.
void user::lets_answers_come() {
  if (!state_.reads || is_gone() || stage_.is_stopped()) return;
  stage_.comes_to_rest(*this);
  if (!is_framed_ || answers_are_whole()) return;
  const auto whole = [this] { return is_gone() || answers_are_whole(); };
  is_framed_ = stage_.run_until(whole, stage_.options().settling);
}

bool user::answers_are_whole() {
  const auto rest = std::string_view(received()).substr(whole_until_);
  const auto messages = stage_.dialect().split(rest);
  if (messages.empty()) return true;
  const auto& last = messages.back();
  whole_until_ += last.complete ? last.end : last.begin;
  return last.complete;
}

// Where the first message is cut tells which of its reads may come short.
void user::note_cuts(const std::vector<std::string>& pieces) {
  const std::size_t header = stage_.dialect().header_bytes();
  if (header == 0 || pieces.size() < 2) return;
  if (pieces.front().size() < header) stage_.note("fact.header_cut", {{"who", name()}});
  std::size_t size = 0;
  for (const auto& piece : pieces) size += &piece == &pieces.back() ? 0 : piece.size();
  if (size > header) stage_.note("fact.content_cut", {{"who", name()}});
}

void user::takes_nick(const std::string& nick) {
  asks("nick", {{"nick", nick}});
  gets_answer();
  nick_ = nick;
}

void user::sends_half_a_message() {
  const std::string message = speech(stage_.word());
  sends(message.substr(0, message.size() / 2), "half of a message");
}

void user::sends_half_a_content() {
  const std::size_t header = stage_.dialect().header_bytes();
  if (header == 0) throw cannot_judge{{"why.no_header"}};
  const std::string message = speech(stage_.word() + stage_.word());
  sends(message.substr(0, header + (message.size() - header) / 2), "half of a content");
}

// ---- what a user expects ----

void user::gets_answer(const std::string& refusal) {
  const std::string word = refusal.empty() ? "" : stage_.dialect().refusal(refusal);
  if (!word.empty()) return hears(word);
  if (!stage_.run_until([&] { return is_gone() || !heard().empty(); }) || heard().empty())
    fail({"due.told", {{"who", name()}}});
}

bool user::has_heard_text(const std::string& text) const {
  if (heard().find(text) != std::string_view::npos) return true;
  std::istringstream lines{std::string(heard())};
  for (std::string line; std::getline(lines, line);) {
    const auto message = nlohmann::json::parse(line, nullptr, false);
    if (!message.is_object()) continue;
    for (const auto& [name, value] : message.items()) {
      if (value.is_string() && value.get_ref<const std::string&>() == text) return true;
    }
  }
  return false;
}

void user::hears_text(const std::string& text) {
  const bool is_json = stage_.dialect().description().value("escape", "") == "json";
  if (!is_json) return hears(text);
  if (!stage_.run_until([&] { return is_gone() || has_heard_text(text); }) || !has_heard_text(text))
    hears(tools::as_json(text));
}

std::string user::answer_to(const std::string& request, tools::arguments values) {
  asks(request, std::move(values));
  const std::size_t since = mark_offset();
  is_served();
  return received().substr(since);
}

void user::never_hears(std::string_view word) {
  const std::size_t since = mark_offset();
  is_served();
  const auto found = received().find(word, since);
  if (found == std::string::npos) return;
  // Whether the word came back to its own sender.
  const auto& events = stage_.story().events();
  const bool own = std::any_of(events.begin(), events.end(), [&](const tools::wire_event& event) {
    return event.who == name() && event.kind == wire_kind::sent &&
           event.bytes.find(word) != std::string::npos;
  });
  stage_.note(own ? "fact.own_word" : "fact.others_word", {{"who", name()}});
  mark_at(since);  // report everything since the original mark
  fail({"due.never_hears", {{"who", name()}, {"word", std::string(word)}}}, found);
}

void user::hears_once(std::string_view word) {
  const std::size_t since = mark_offset();
  hears(word);
  is_served();
  const auto first = received().find(word, since);
  const auto again = received().find(word, first + word.size());
  if (again != std::string::npos)
    fail({"due.hears_once", {{"who", name()}, {"word", std::string(word)}}}, again);
}

bool user::is_served_within(std::chrono::milliseconds limit) {
  const std::string& ping = stage_.options().ping;
  const bool by_nick = ping == "who" || ping == "whois";
  const std::string word = by_nick ? nick_ : stage_.word();
  const std::string any = stage_.dialect().knows("who") ? "who" : "echo";
  asks(ping == "any" ? any : ping, {{"nick", nick_}, {"text", word}});
  const auto has_answer = [&] {
    return ping == "any" ? !heard().empty() : heard().find(word) != std::string_view::npos;
  };
  return stage_.run_until([&] { return is_gone() || has_answer(); }, limit) && has_answer();
}

void user::is_served() {
  if (!is_served_within(stage_.options().patience)) fail({"due.served", {{"who", name()}}});
}

void user::send_probe() { is_served_within(stage_.options().patience); }

}  // namespace check
