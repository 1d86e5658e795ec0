// A user: one connection, what is said on it and what is heard.
#include "user.hpp"

#include <algorithm>

#include "stage.hpp"

namespace check {

using tools::wire_kind;

namespace {
constexpr std::chrono::milliseconds to_be_read{100};  // a piece may take; then the next is sent
}

user::user(stage& on, std::string name, std::string nick, jalon::stream_socket socket)
    : stage_(on),
      name_(std::move(name)),
      nick_(std::move(nick)),
      socket_(std::move(socket)),
      port_(socket_.local().port()) {
  state_.who = name_;
  watch_ = stage_.loop().watch(socket_.fd(), jalon::io_events::read, [this](jalon::io_events what) {
    if (has(what, jalon::io_events::write)) flush();
    if (has(what, jalon::io_events::read)) read();
  });
}

// ---- what a user does ----

std::string user::bytes_of(const std::string& request, tools::arguments values) const {
  values.try_emplace("me", nick_);
  if (!stage_.speech().knows(request))
    throw cannot_judge{{"why.no_request", {{"request", request}}}};
  return stage_.speech().encode(request, values);
}

void user::asks(const std::string& request, tools::arguments values) {
  sends(bytes_of(request, std::move(values)), request);
}

void user::attacks(const std::string& name, tools::arguments values) {
  values.try_emplace("me", nick_);
  const auto bytes = stage_.speech().attack(name, values);
  if (!bytes) throw cannot_judge{{"why.no_attack", {{"attack", name}}}};
  sends(*bytes, name);
}

void user::sends(std::string_view bytes, std::string label) {
  mark_ = received_.size();
  label_ = std::move(label);
  outgoing_ += bytes;
  flush();
}

void user::sends_in_pieces(const std::vector<std::string>& pieces, const std::string& label) {
  mark_ = received_.size();
  const std::size_t before = received_.size();
  std::string all;
  for (const auto& piece : pieces) all += piece;
  const bool one_message = stage_.speech().split(all).size() == 1;
  bool answered_early = false;
  if (pieces.size() > 1) stage_.note("fact.pieces", {{"who", name_}});
  for (const auto& piece : pieces) {
    answered_early = answered_early || received_.size() > before;
    label_ = label;
    outgoing_ += piece;
    flush();
    if (&piece == &pieces.back()) break;
    stage_.until([&] { return ended_ || stage_.is_done_with(*this); }, to_be_read);
    stage_.pass(std::chrono::milliseconds(0));  // what it has answered is heard
  }
  if (!answered_early || !one_message) return;
  stage_.note("fact.early_answer", {{"who", name_}});
  fail({"due.not_early", {{"who", name_}}}, before);
}

void user::flush() {
  while (!outgoing_.empty() && socket_) {
    const auto result = socket_.write_some(outgoing_);
    if (result.status == jalon::io_status::would_block) break;
    if (result.status != jalon::io_status::ok) {
      outgoing_.clear();
      break;
    }
    stage_.story().add(name_, wire_kind::sent, std::string_view(outgoing_).substr(0, result.bytes),
                       label_);
    sent_bytes_ += result.bytes;
    outgoing_.erase(0, result.bytes);
  }
  if (socket_) {
    using jalon::io_events;
    const io_events reading = state_.reads && !ended_ ? io_events::read : io_events::none;
    watch_.want(outgoing_.empty() ? reading : reading | io_events::write);
  }
}

void user::read() {
  char bytes[16384];
  const auto result = socket_.read_some(bytes);
  if (result.status == jalon::io_status::would_block) return;
  if (result.status == jalon::io_status::ok) {
    const std::string_view more(bytes, result.bytes);
    arrivals_.push_back({stage_.story().add(name_, wire_kind::received, more), received_.size()});
    received_ += more;
    return;
  }
  const bool in_order = result.status == jalon::io_status::end;
  stage_.story().add(name_, in_order ? wire_kind::end : wire_kind::broken);
  lose();
}

void user::lose() {
  ended_ = state_.ended = true;
  outgoing_.clear();
  watch_.want(jalon::io_events::none);
  if (state_.half_closed) watch_.drop();
}

void user::takes_nick(const std::string& nick) {
  asks("nick", {{"nick", nick}});
  is_told();
  nick_ = nick;
  has_nick_ = true;
}

void user::sends_half_a_message() {
  const std::string message = bytes_of("echo", {{"text", stage_.word()}});
  state_.half_sent = true;
  sends(message.substr(0, message.size() / 2), "half of a message");
}

void user::half_closes() {
  socket_.shutdown_write();
  state_.half_closed = true;
  stage_.story().add(name_, wire_kind::half_closed);
}

void user::closes() {
  watch_.drop();
  socket_ = {};
  state_.closed = true;
  stage_.story().add(name_, wire_kind::closed);
}

void user::resets() {
  watch_.drop();
  socket_.reset_on_close();
  socket_ = {};
  state_.reset = true;
  stage_.story().add(name_, wire_kind::reset);
}

void user::stops_reading() {
  state_.reads = false;
  stage_.story().add(name_, wire_kind::paused);
  watch_.want(jalon::io_events::none);
}

void user::reads_again() {
  state_.reads = true;
  watch_.want(jalon::io_events::read);
}

// ---- what a user expects ----

void user::hears(std::string_view word) {
  if (stage_.until([&] { return ended_ || heard().find(word) != word.npos; }) &&
      heard().find(word) != word.npos)
    return;
  fail({"due.hears", {{"who", name_}, {"word", std::string(word)}}});
}

void user::hears_in_order(const std::vector<std::string>& words) {
  std::size_t at = mark_;
  for (std::size_t n = 0; n < words.size(); ++n) {
    const auto found = [&] { return received_.find(words[n], at); };
    stage_.until([&] { return ended_ || found() != std::string::npos; });
    if (found() != std::string::npos) {
      at = found() + words[n].size();
      continue;
    }
    failure wrong{{"due.hears_all",
                   {{"who", name_},
                    {"number", std::to_string(words.size())},
                    {"came", std::to_string(n)},
                    {"word", words[n]}}},
                  what_came(),
                  name_};
    if (n > 0) look_for_held_back(words[n]);
    throw failure(wrong);
  }
}

// What was read and not answered may come out with the next message: then it was kept, not lost.
void user::look_for_held_back(const std::string& word) {
  stage_.note("fact.first_only", {{"who", name_}});
  const std::size_t since = received_.size();
  if (ended_) return;
  ping(stage_.with().patience);
  if (received_.find(word, since) != std::string::npos)
    stage_.note("fact.held_back", {{"who", name_}});
}

void user::gets(std::string_view bytes) {
  stage_.until([&] { return ended_ || heard().size() >= bytes.size(); });
  const auto came = heard();
  if (came == bytes) return;
  const auto wrong = std::mismatch(bytes.begin(), bytes.end(), came.begin(), came.end()).second;
  fail({"due.gets", {{"who", name_}, {"bytes", std::string(bytes)}}},
       mark_ + static_cast<std::size_t>(wrong - came.begin()));
}

void user::is_told(const std::string& refusal) {
  const std::string word = refusal.empty() ? "" : stage_.speech().refusal(refusal);
  if (!word.empty()) return hears(word);
  if (!stage_.until([&] { return ended_ || !heard().empty(); }) || heard().empty())
    fail({"due.told", {{"who", name_}}});
}

void user::never_hears(std::string_view word) {
  const std::size_t since = mark_;
  is_served();
  const auto found = received_.find(word, since);
  if (found == std::string::npos) return;
  // It was this user's own if this user has sent it.
  const auto& events = stage_.story().events();
  const bool own = std::any_of(events.begin(), events.end(), [&](const tools::wire_event& event) {
    return event.who == name_ && event.kind == wire_kind::sent &&
           event.bytes.find(word) != std::string::npos;
  });
  stage_.note(own ? "fact.own_word" : "fact.others_word", {{"who", name_}});
  mark_ = since;  // what came is more than what the last question brought
  fail({"due.never_hears", {{"who", name_}, {"word", std::string(word)}}}, found);
}

void user::hears_once(std::string_view word) {
  const std::size_t since = mark_;
  hears(word);
  is_served();
  const auto first = received_.find(word, since);
  const auto again = received_.find(word, first + word.size());
  if (again != std::string::npos)
    fail({"due.hears_once", {{"who", name_}, {"word", std::string(word)}}}, again);
}

bool user::ping(std::chrono::milliseconds limit) {
  const std::string& how = stage_.with().ping;
  const std::string word = how == "who" ? nick_ : stage_.word();
  asks(how, {{"nick", nick_}, {"text", word}});
  const auto heard_it = [&] { return heard().find(word) != std::string_view::npos; };
  return stage_.until([&] { return ended_ || heard_it(); }, limit) && heard_it();
}

void user::is_served() {
  if (!ping(stage_.with().patience)) fail({"due.served", {{"who", name_}}});
}

bool user::is_served_within(std::chrono::milliseconds limit) { return ping(limit); }

void user::is_let_go() {
  if (!stage_.until([&] { return ended_; })) fail({"due.let_go", {{"who", name_}}});
}

// ---- what is known ----

connection_evidence user::state() const { return state_; }

said user::what_came() const {
  const auto came = heard();
  if (!came.empty())
    return {"came.bytes",
            {{"who", name_},
             {"number", tools::counted(came.size(), "byte")},
             {"bytes", tools::shortened(came, 300)}}};
  return {ended_ ? "came.end" : "came.nothing", {{"who", name_}}};
}

void user::point_at(failure& wrong, std::size_t offset) const {
  for (const auto& [event, begin] : arrivals_) {
    if (begin > offset) break;
    wrong.event = event;
    wrong.offset = offset - begin;
  }
}

void user::fail(said due, std::optional<std::size_t> offset) {
  failure wrong{std::move(due), what_came(), name_};
  if (offset && *offset < received_.size()) point_at(wrong, *offset);
  throw failure(wrong);
}

}  // namespace check
