// The checker as a server.
#include "host.hpp"

#include <algorithm>

#include "stage.hpp"

namespace check {

namespace {

constexpr std::chrono::milliseconds last_to_be_read{100};

bool is_as_due(const tools::request& asked, const std::string& request,
               const tools::arguments& values) {
  return asked.name == request && std::all_of(values.begin(), values.end(), [&](const auto& value) {
           const auto found = asked.values.find(value.first);
           return found != asked.values.end() && found->second == value.second;
         });
}

}  // namespace

host::host(stage& on, tools::server_speech speech, jalon::stream_socket socket)
    : peer(on, "server", channel(std::move(socket))), speech_(std::move(speech)) {
  if (speech_.knows("hello")) say_at_once("hello", {});
}

// ---- what a server does ----

std::string host::bytes_of(const std::string& what, const tools::arguments& values) const {
  if (!speech_.knows(what)) throw cannot_judge{{"why.no_request", {{"request", what}}}};
  return speech_.says(what, values);
}

void host::says(const std::string& what, const tools::arguments& values) {
  on().until([&] { return is_gone() || (all_sent() && on().is_done_with(*this)); },
             last_to_be_read);
  say_at_once(what, values);
}

void host::say_at_once(const std::string& what, const tools::arguments& values) {
  sends(bytes_of(what, values), what);
}

void host::answers(const std::string& request, const std::string& with, tools::arguments values) {
  answers_[request] = {with, std::move(values)};
}

void host::came() {
  const auto messages = on().speech().split(std::string_view(received()).substr(read_));
  for (const auto& message : messages) {
    if (!message.whole) return;
    const std::size_t size = message.end - message.begin;
    const auto bytes = received().substr(read_, size);
    read_ += size;
    auto asked = speech_.read(bytes);
    if (!asked) continue;
    answer_to(*asked);
    asked_.push_back(std::move(*asked));
  }
}

void host::answer_to(const tools::request& asked) {
  const auto other = answers_.find(asked.name);
  const std::string what = other == answers_.end() ? speech_.answer_to(asked) : other->second.says;
  tools::arguments values = asked.values;
  if (asked.name == "nick") nick_ = values["nick"];
  values.try_emplace("nick", nick_);
  if (other != answers_.end()) {
    for (const auto& [name, value] : other->second.values) values[name] = value;
  }
  const std::size_t heard_from = marked();
  if (!what.empty()) say_at_once(what, values);
  mark(heard_from);  // an answer is no new question
  if (speech_.lets_go_after(asked.name)) half_closes();
}

void host::nudge() {
  const std::size_t before = received().size();
  on().terminal().types(on().word());
  on().until([&] { return is_gone() || received().size() > before; });
}

// ---- what a server expects ----

tools::arguments host::is_asked(const std::string& request, tools::arguments values) {
  std::erase_if(values, [&](const auto& value) { return !has_place(request, value.first); });
  const auto next = [&] {
    return std::find_if(
        asked_.begin() + static_cast<std::ptrdiff_t>(judged_), asked_.end(),
        [&](const tools::request& asked) { return is_as_due(asked, request, values); });
  };
  if (on().until([&] { return is_gone() || next() != asked_.end(); }) && next() != asked_.end()) {
    judged_ = static_cast<std::size_t>(next() - asked_.begin()) + 1;
    return asked_[judged_ - 1].values;
  }
  std::string due = request;
  for (const auto& [name, value] : values)
    due.append(" ").append(name).append("=\"").append(value) += '"';
  fail({"due.asked", {{"who", name()}, {"request", due}}});
}

void host::is_asked_in_order(const std::string& request, const std::vector<std::string>& texts) {
  hears_in_order(texts);
  for (const auto& text : texts) is_asked(request, {{"text", text}});
}

void host::hears_the_next_line() {
  const std::string last = on().word();
  on().terminal().types(last);
  hears(last);
}

void host::never_hears(std::string_view word) {
  hears_the_next_line();
  if (const auto found = received().find(word); found != std::string::npos)
    fail({"due.never_heard", {{"who", name()}, {"word", std::string(word)}}}, found);
}

std::optional<tools::arguments> host::may_be_asked(const std::string& request) {
  hears_the_next_line();
  const auto found = std::find_if(asked_.begin(), asked_.end(),
                                  [&](const auto& asked) { return asked.name == request; });
  if (found == asked_.end()) return std::nullopt;
  return found->values;
}

}  // namespace check
