// A user: what is asked of a server, and what must come of it.
#include "user.hpp"

#include <algorithm>

#include "stage.hpp"

namespace check {

using tools::wire_kind;

// ---- what a user does ----

std::string user::bytes_of(const std::string& request, tools::arguments values) const {
  values.try_emplace("me", nick_);
  if (!on().speech().knows(request)) throw cannot_judge{{"why.no_request", {{"request", request}}}};
  return on().speech().encode(request, values);
}

void user::asks(const std::string& request, tools::arguments values) {
  if (request == "quit") state_.quit = true;
  sends(bytes_of(request, std::move(values)), request);
}

void user::attacks(const std::string& name, tools::arguments values) {
  values.try_emplace("me", nick_);
  const auto bytes = on().speech().attack(name, values);
  if (!bytes) throw cannot_judge{{"why.no_attack", {{"attack", name}}}};
  sends(*bytes, name);
}

void user::sends_in_pieces(const std::vector<std::string>& pieces, const std::string& label) {
  std::string all;
  for (const auto& piece : pieces) all += piece;
  const bool one_message = on().speech().split(all).size() == 1;
  const std::size_t before = received().size();
  if (!send_pieces(pieces, label) || !one_message) return;
  on().note("fact.early_answer", {{"who", name()}});
  fail({"due.not_early", {{"who", name()}}}, before);
}

void user::takes_nick(const std::string& nick) {
  asks("nick", {{"nick", nick}});
  is_told();
  nick_ = nick;
}

void user::sends_half_a_message() {
  const std::string message = bytes_of("echo", {{"text", on().word()}});
  state_.half_sent = true;
  sends(message.substr(0, message.size() / 2), "half of a message");
}

// ---- what a user expects ----

void user::is_told(const std::string& refusal) {
  const std::string word = refusal.empty() ? "" : on().speech().refusal(refusal);
  if (!word.empty()) return hears(word);
  if (!on().until([&] { return is_gone() || !heard().empty(); }) || heard().empty())
    fail({"due.told", {{"who", name()}}});
}

void user::never_hears(std::string_view word) {
  const std::size_t since = marked();
  is_served();
  const auto found = received().find(word, since);
  if (found == std::string::npos) return;
  // It was this user's own if this user has sent it.
  const auto& events = on().story().events();
  const bool own = std::any_of(events.begin(), events.end(), [&](const tools::wire_event& event) {
    return event.who == name() && event.kind == wire_kind::sent &&
           event.bytes.find(word) != std::string::npos;
  });
  on().note(own ? "fact.own_word" : "fact.others_word", {{"who", name()}});
  mark(since);  // what came is more than what the last question brought
  fail({"due.never_hears", {{"who", name()}, {"word", std::string(word)}}}, found);
}

void user::hears_once(std::string_view word) {
  const std::size_t since = marked();
  hears(word);
  is_served();
  const auto first = received().find(word, since);
  const auto again = received().find(word, first + word.size());
  if (again != std::string::npos)
    fail({"due.hears_once", {{"who", name()}, {"word", std::string(word)}}}, again);
}

bool user::is_served_within(std::chrono::milliseconds limit) {
  const std::string& how = on().with().ping;
  const std::string word = how == "who" ? nick_ : on().word();
  asks(how, {{"nick", nick_}, {"text", word}});
  const auto heard_it = [&] { return heard().find(word) != std::string_view::npos; };
  return on().until([&] { return is_gone() || heard_it(); }, limit) && heard_it();
}

void user::is_served() {
  if (!is_served_within(on().with().patience)) fail({"due.served", {{"who", name()}}});
}

void user::nudge() { is_served_within(on().with().patience); }

}  // namespace check
