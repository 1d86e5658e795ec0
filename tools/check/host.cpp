// The server that the checker plays.
#include "host.hpp"

#include <algorithm>

#include "stage.hpp"

namespace check {

namespace {

constexpr std::chrono::milliseconds read_timeout{100};

bool matches(const tools::request& asked, const std::string& request,
             const tools::arguments& values) {
  return asked.name == request && std::all_of(values.begin(), values.end(), [&](const auto& value) {
           const auto found = asked.values.find(value.first);
           return found != asked.values.end() && found->second == value.second;
         });
}

}  // namespace

host::host(stage& stage, tools::server_dialect dialect, jalon::stream_socket socket)
    : peer(stage, "server", channel(std::move(socket))), dialect_(std::move(dialect)) {
  if (dialect_.knows("hello")) send_now("hello", {});
}

// ---- what a server does ----

std::string host::bytes_of(const std::string& what, const tools::arguments& values) const {
  if (!dialect_.knows(what)) throw cannot_judge{{"why.no_request", {{"request", what}}}};
  return dialect_.encode(what, values);
}

void host::says(const std::string& what, const tools::arguments& values) {
  stage_.run_until([&] { return is_gone() || (all_sent() && stage_.has_handled_all_of(*this)); },
                   read_timeout);
  send_now(what, values);
}

void host::send_now(const std::string& what, const tools::arguments& values) {
  sends(bytes_of(what, values), what);
}

void host::answers(const std::string& request, const std::string& with, tools::arguments values) {
  answers_[request] = {with, std::move(values)};
}

void host::on_received() {
  const auto messages = stage_.dialect().split(std::string_view(received()).substr(parsed_bytes_));
  for (const auto& message : messages) {
    if (!message.complete) return;
    const std::size_t size = message.end - message.begin;
    const auto bytes = received().substr(parsed_bytes_, size);
    parsed_bytes_ += size;
    auto asked = dialect_.decode(bytes);
    if (!asked) continue;
    answer_to(*asked);
    asked_.push_back(std::move(*asked));
  }
}

void host::answer_to(const tools::request& asked) {
  const auto custom = answers_.find(asked.name);
  const std::string what =
      custom == answers_.end() ? dialect_.answer_to(asked) : custom->second.says;
  tools::arguments values = asked.values;
  if (asked.name == "nick") nick_ = values["nick"];
  values.try_emplace("nick", nick_);
  if (custom != answers_.end()) {
    for (const auto& [name, value] : custom->second.values) values[name] = value;
  }
  const std::size_t previous_mark = mark_offset();
  if (!what.empty()) send_now(what, values);
  mark_at(previous_mark);  // an answer does not move the mark
  if (dialect_.disconnects_after(asked.name)) half_closes();
}

void host::send_probe() {
  const std::size_t before = received().size();
  stage_.terminal().types(stage_.word());
  stage_.run_until([&] { return is_gone() || received().size() > before; });
}

// ---- what a server expects ----

tools::arguments host::is_asked(const std::string& request, tools::arguments values) {
  std::erase_if(values, [&](const auto& value) { return !has_field(request, value.first); });
  const auto next = [&] {
    return std::find_if(
        asked_.begin() + static_cast<std::ptrdiff_t>(matched_), asked_.end(),
        [&](const tools::request& asked) { return matches(asked, request, values); });
  };
  if (stage_.run_until([&] { return is_gone() || next() != asked_.end(); }) &&
      next() != asked_.end()) {
    matched_ = static_cast<std::size_t>(next() - asked_.begin()) + 1;
    return asked_[matched_ - 1].values;
  }
  std::string expected = request;
  const bool quoted = stage_.dialect().description().value("escape", "") == "json";
  for (const auto& [name, value] : values) {
    if (!quoted) note_if_cut(value);
  }
  for (const auto& [name, value] : values)
    expected.append(" ").append(name).append("=\"").append(value) += '"';
  fail({"due.asked", {{"who", name()}, {"request", expected}}});
}

void host::is_asked_in_order(const std::string& request, const std::vector<std::string>& texts) {
  hears_in_order(texts);
  for (const auto& text : texts) is_asked(request, {{"text", text}});
}

void host::wait_for_next_line() {
  const std::string last = stage_.word();
  stage_.terminal().types(last);
  hears(last);
}

void host::never_hears(std::string_view word) {
  wait_for_next_line();
  if (const auto found = received().find(word); found != std::string::npos)
    fail({"due.never_heard", {{"who", name()}, {"word", std::string(word)}}}, found);
}

std::optional<tools::arguments> host::may_be_asked(const std::string& request) {
  wait_for_next_line();
  const auto found = std::find_if(asked_.begin(), asked_.end(),
                                  [&](const auto& asked) { return asked.name == request; });
  if (found == asked_.end()) return std::nullopt;
  return found->values;
}

}  // namespace check
