// Somebody who talks to the program: bytes, the story of them, and what is expected of them.
#include "peer.hpp"

#include <algorithm>

#include "stage.hpp"

namespace check {

using jalon::io_events;
using tools::wire_kind;

namespace {
constexpr std::chrono::milliseconds piece_to_be_read{100};  // then the next is sent
}

peer::peer(stage& on, std::string name, channel through)
    : stage_(on),
      name_(std::move(name)),
      channel_(std::move(through)),
      port_(channel_.port()),
      program_port_(channel_.program_port()),
      outgoing_(how_, on.seed()) {
  state_.who = name_;
  listen();
}

void peer::listen() {
  auto& loop = stage_.loop();
  watch_ = loop.watch(channel_.reads_on(), io_events::read, [this](io_events what) {
    if (has(what, io_events::write)) flush();
    if (has(what, io_events::read)) read();
  });
  if (channel_.is_two_ways())
    room_ = loop.watch(channel_.writes_on(), io_events::none, [this](io_events) { flush(); });
}

// ---- what a peer does ----

void peer::bends(std::string_view words) {
  stage_.note("fact.pieces", {{"who", name_}});
  tools::apply(how_, words);
}

void peer::sends(std::string_view bytes, std::string label) {
  mark_ = received_.size();
  label_ = std::move(label);
  outgoing_.take(bytes, stage_.loop().now());
  flush();
}

bool peer::send_pieces(const std::vector<std::string>& pieces, const std::string& label) {
  mark_ = received_.size();
  const std::size_t before = received_.size();
  bool answered_early = false;
  if (pieces.size() > 1) stage_.note("fact.pieces", {{"who", name_}});
  for (const auto& piece : pieces) {
    answered_early = answered_early || received_.size() > before;
    label_ = label;
    outgoing_.take(piece, stage_.loop().now());
    flush();
    if (&piece == &pieces.back()) break;
    stage_.until([&] { return ended_ || stage_.is_done_with(*this); }, piece_to_be_read);
    stage_.pass(std::chrono::milliseconds(0));  // what it has answered is heard
  }
  return answered_early;
}

void peer::flush() {
  auto& loop = stage_.loop();
  is_full_ = false;
  while (channel_ && outgoing_.due(loop.now()) == tools::bent_stream::step::pass) {
    const auto piece = outgoing_.piece();
    const auto result = channel_.write_some(piece);
    is_full_ = result.status == jalon::io_status::would_block;
    if (is_full_) break;
    if (result.status != jalon::io_status::ok) {
      outgoing_.half_closed();
      break;
    }
    stage_.story().add(name_, wire_kind::sent, piece.substr(0, result.bytes), label_);
    sent_bytes_ += result.bytes;
    outgoing_.passed(result.bytes, loop.now());
  }
  next_piece_.cancel();
  if (const auto when = outgoing_.next(loop.now()))
    next_piece_ = loop.at(*when, [this] { flush(); });
  wait_for_more();
}

void peer::wait_for_more() {
  if (!channel_ || ended_) return;
  const io_events reading = state_.reads ? io_events::read : io_events::none;
  const io_events writing = is_full_ ? io_events::write : io_events::none;
  if (channel_.is_two_ways()) {
    room_.set_interest(writing);
    watch_.set_interest(reading);
  } else {
    watch_.set_interest(reading | writing);
  }
}

void peer::read() {
  char bytes[16384];
  const auto result = channel_.read_some(bytes);
  if (result.status == jalon::io_status::would_block) return;
  if (result.status == jalon::io_status::ok) {
    const std::string_view more(bytes, result.bytes);
    arrivals_.push_back({stage_.story().add(name_, wire_kind::received, more), received_.size()});
    received_ += more;
    came();
    return;
  }
  const bool in_order = result.status == jalon::io_status::end;
  stage_.story().add(name_, in_order ? wire_kind::end : wire_kind::broken);
  lose();
}

void peer::lose() {
  ended_ = state_.ended = true;
  outgoing_.half_closed();
  is_full_ = false;
  watch_.set_interest(io_events::none);
  left();
  if (state_.half_closed) watch_.drop();
}

void peer::half_closes() {
  if (!channel_ || state_.half_closed) return;
  room_.drop();
  channel_.end_writing();
  state_.half_closed = true;
  state_.ended_first = ended_;
  if (ended_) return;
  stage_.story().add(name_, wire_kind::half_closed);
}

void peer::closes() {
  watch_.drop();
  room_.drop();
  channel_ = {};
  state_.closed = true;
  stage_.story().add(name_, wire_kind::closed);
}

void peer::resets() {
  watch_.drop();
  channel_.reset_on_close();
  channel_ = {};
  state_.reset = true;
  stage_.story().add(name_, wire_kind::reset);
}

void peer::stops_reading() {
  state_.reads = false;
  stage_.story().add(name_, wire_kind::paused);
  wait_for_more();
}

void peer::reads_again() {
  state_.reads = true;
  wait_for_more();
}

// ---- what a peer expects ----

bool peer::awaits(std::string_view word) {
  const auto came = [&] { return heard().find(word) != std::string_view::npos; };
  return stage_.until([&] { return ended_ || came(); }) && came();
}

void peer::hears(std::string_view word) {
  if (awaits(word)) return;
  look_for_cut_at_zero(word);
  fail({"due.hears", {{"who", name_}, {"word", tools::shortened(word, 100)}}});
}

// Who takes bytes for a text loses what follows a zero.
void peer::look_for_cut_at_zero(std::string_view word) {
  const std::string_view text = word.substr(0, word.find('\0'));
  const auto found = heard().find(text);
  if (text.size() == word.size() || text.empty() || found == std::string_view::npos) return;
  const auto rest = heard().substr(found + text.size());
  if (!rest.starts_with('\0')) stage_.note("fact.cut_at_zero", {{"who", name_}});
}

void peer::hears_in_order(const std::vector<std::string>& words) {
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
void peer::look_for_held_back(const std::string& word) {
  stage_.note("fact.first_only", {{"who", name_}});
  const std::size_t since = received_.size();
  if (ended_) return;
  nudge();
  if (received_.find(word, since) != std::string::npos)
    stage_.note("fact.held_back", {{"who", name_}});
}

void peer::gets(std::string_view bytes) {
  stage_.until([&] { return ended_ || heard().size() >= bytes.size(); });
  const auto came = heard();
  if (came == bytes) return;
  const auto wrong = std::mismatch(bytes.begin(), bytes.end(), came.begin(), came.end()).second;
  fail({"due.gets", {{"who", name_}, {"bytes", std::string(bytes)}}},
       mark_ + static_cast<std::size_t>(wrong - came.begin()));
}

void peer::is_let_go() {
  if (!stage_.until([&] { return ended_; })) fail({"due.let_go", {{"who", name_}}});
}

// ---- what is known ----

said peer::what_came() const {
  const auto came = heard();
  if (!came.empty())
    return {"came.bytes",
            {{"who", name_},
             {"number", tools::counted(came.size(), "byte")},
             {"bytes", tools::shortened(came, 300)}}};
  return {ended_ ? "came.end" : "came.nothing", {{"who", name_}}};
}

void peer::point_at(failure& wrong, std::size_t offset) const {
  for (const auto& [event, begin] : arrivals_) {
    if (begin > offset) break;
    wrong.event = event;
    wrong.offset = offset - begin;
  }
}

void peer::fail(said due, std::optional<std::size_t> offset) {
  failure wrong{std::move(due), what_came(), name_};
  if (offset && *offset < received_.size()) point_at(wrong, *offset);
  throw failure(wrong);
}

}  // namespace check
