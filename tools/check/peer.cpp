// One end of a conversation: bytes, their story, and the expectations.
#include "peer.hpp"

#include <algorithm>

#include "stage.hpp"

namespace check {

using jalon::io_events;
using tools::wire_kind;

namespace {
constexpr std::chrono::milliseconds piece_timeout{100};  // the longest wait for a piece to be read
constexpr std::size_t least_text = 7;  // shorter beginnings of a text may have come by chance
constexpr std::size_t least_size = 16;

// A program reads up to this byte, or changes it: a blank, or the second of two.
std::string fact_of_cut(std::string_view text, std::size_t size) {
  const auto is_at = [&](char c) { return text[size] == c || text[size - 1] == c; };
  if (text[size] == '\0') return "fact.cut_at_zero";
  if (is_at('%')) return "fact.cut_at_percent";
  if (text[size] < 0) return "fact.cut_at_letter";
  if (is_at('"') || is_at('\\')) return "fact.cut_at_quote";
  if (is_at(' ')) return "fact.cut_at_blank";
  return size >= least_size ? "fact.cut_at_size" : "";
}
}  // namespace

peer::peer(stage& stage, std::string name, channel channel)
    : stage_(stage),
      name_(std::move(name)),
      channel_(std::move(channel)),
      port_(channel_.port()),
      program_port_(channel_.program_port()),
      outgoing_(faults_, stage.seed()) {
  state_.who = name_;
  watch_channel();
}

void peer::watch_channel() {
  auto& loop = stage_.loop();
  watch_ = loop.watch(channel_.read_fd(), io_events::read, [this](io_events what) {
    if (has(what, io_events::write)) flush();
    if (has(what, io_events::read)) read();
  });
  if (channel_.has_separate_fds())
    write_watch_ = loop.watch(channel_.write_fd(), io_events::none, [this](io_events) { flush(); });
}

// ---- what a peer does ----

void peer::inject_faults(std::string_view spec) {
  stage_.note("fact.pieces", {{"who", name_}});
  tools::apply(faults_, spec);
}

void peer::sends(std::string_view bytes, std::string label) {
  mark_ = received_.size();
  label_ = std::move(label);
  outgoing_.append(bytes, stage_.loop().now());
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
    outgoing_.append(piece, stage_.loop().now());
    flush();
    if (&piece == &pieces.back()) break;
    stage_.run_until([&] { return ended_ || stage_.has_handled_all_of(*this); }, piece_timeout);
    stage_.run_for(std::chrono::milliseconds(0));  // reads what the program has answered
  }
  return answered_early;
}

void peer::flush() {
  auto& loop = stage_.loop();
  is_full_ = false;
  while (channel_ && outgoing_.next_step(loop.now()) == tools::faulty_stream::step::send) {
    const auto piece = outgoing_.piece();
    const auto result = channel_.write_some(piece);
    is_full_ = result.status == jalon::io_status::would_block;
    if (is_full_) break;
    if (result.status != jalon::io_status::ok) {
      outgoing_.close();
      break;
    }
    stage_.story().add(name_, wire_kind::sent, piece.substr(0, result.bytes), label_);
    sent_bytes_ += result.bytes;
    if (sends_messages()) follow_messages(piece.substr(0, result.bytes));
    outgoing_.consume(result.bytes, loop.now());
  }
  next_piece_.cancel();
  if (const auto when = outgoing_.next_wakeup(loop.now()))
    next_piece_ = loop.at(*when, [this] { flush(); });
  update_interest();
}

void peer::follow_messages(std::string_view sent) {
  constexpr std::size_t bound = 1U << 20;  // a message without an end is unfinished in any case
  if (unfinished_.size() > bound) return;
  unfinished_ += sent;
  const auto messages = stage_.dialect().split(unfinished_);
  state_.half_sent = !messages.empty() && !messages.back().complete;
  unfinished_.erase(0, state_.half_sent ? messages.back().begin : unfinished_.size());
}

void peer::update_interest() {
  if (!channel_ || ended_) return;
  const io_events reading = state_.reads ? io_events::read : io_events::none;
  const io_events writing = is_full_ ? io_events::write : io_events::none;
  if (channel_.has_separate_fds()) {
    write_watch_.set_interest(writing);
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
    on_received();
    return;
  }
  const bool in_order = result.status == jalon::io_status::end;
  stage_.story().add(name_, in_order ? wire_kind::end : wire_kind::broken);
  handle_end();
}

void peer::handle_end() {
  ended_ = state_.ended = true;
  outgoing_.close();
  is_full_ = false;
  watch_.set_interest(io_events::none);
  on_ended();
  if (state_.half_closed) watch_.drop();
}

void peer::half_closes() {
  if (!channel_ || state_.half_closed) return;
  write_watch_.drop();
  channel_.end_writing();
  state_.half_closed = true;
  state_.ended_first = ended_;
  if (ended_) return;
  stage_.story().add(name_, wire_kind::half_closed);
}

void peer::closes() {
  watch_.drop();
  write_watch_.drop();
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
  update_interest();
}

void peer::reads_again() {
  state_.reads = true;
  update_interest();
}

// ---- what a peer expects ----

bool peer::wait_for(std::string_view word) {
  const auto has_come = [&] { return heard().find(word) != std::string_view::npos; };
  return stage_.run_until([&] { return ended_ || has_come(); }) && has_come();
}

void peer::hears(std::string_view word) {
  if (wait_for(word)) return;
  note_if_cut(word);
  fail({"due.hears", {{"who", name_}, {"word", tools::shortened(word, 100)}}});
}

// The text arrived up to some byte. What that byte is tells how the program reads texts.
void peer::note_if_cut(std::string_view text) {
  const auto got = heard();
  std::size_t size = text.size();
  while (size > 0 && got.find(text.substr(0, size)) == std::string_view::npos) --size;
  if (size < least_text || size == text.size()) return;
  const auto fact = fact_of_cut(text, size);
  if (!fact.empty()) stage_.note(fact, {{"who", name_}, {"size", tools::counted(size, "byte")}});
}

void peer::hears_in_order(const std::vector<std::string>& words) {
  std::size_t at = mark_;
  for (std::size_t n = 0; n < words.size(); ++n) {
    const auto found = [&] { return received_.find(words[n], at); };
    stage_.run_until([&] { return ended_ || found() != std::string::npos; });
    if (found() != std::string::npos) {
      at = found() + words[n].size();
      continue;
    }
    failure wrong{{"due.hears_all",
                   {{"who", name_},
                    {"number", std::to_string(words.size())},
                    {"came", std::to_string(n)},
                    {"word", words[n]}}},
                  describe_received(),
                  name_};
    if (n > 0) note_if_held_back(words[n]);
    throw failure(wrong);
  }
}

// The program may have read messages without handling them. If their answers arrive with the answer
// to one more message, they were kept in a buffer, not lost.
void peer::note_if_held_back(const std::string& word) {
  stage_.note("fact.first_only", {{"who", name_}});
  const auto messages = stage_.dialect().split(received_);
  if (!messages.empty() && !messages.back().complete)
    stage_.note("fact.answer_cut", {{"who", name_}});
  const std::size_t since = received_.size();
  if (ended_) return;
  send_probe();
  if (received_.find(word, since) != std::string::npos)
    stage_.note("fact.held_back", {{"who", name_}});
}

void peer::gets(std::string_view bytes) {
  stage_.run_until([&] { return ended_ || heard().size() >= bytes.size(); });
  const auto actual = heard();
  if (actual == bytes) return;
  const auto wrong = std::mismatch(bytes.begin(), bytes.end(), actual.begin(), actual.end()).second;
  fail({"due.gets", {{"who", name_}, {"bytes", std::string(bytes)}}},
       mark_ + static_cast<std::size_t>(wrong - actual.begin()));
}

void peer::is_disconnected() {
  if (!stage_.run_until([&] { return ended_; })) fail({"due.let_go", {{"who", name_}}});
}

// ---- what is known ----

catalogue_text peer::describe_received() const {
  const auto actual = heard();
  if (!actual.empty())
    return {"came.bytes",
            {{"who", name_},
             {"number", tools::counted(actual.size(), "byte")},
             {"bytes", tools::shortened(actual, 300)}}};
  return {ended_ ? "came.end" : "came.nothing", {{"who", name_}}};
}

void peer::locate(failure& wrong, std::size_t offset) const {
  for (const auto& [event, begin] : arrivals_) {
    if (begin > offset) break;
    wrong.event = event;
    wrong.offset = offset - begin;
  }
}

void peer::fail(catalogue_text expected, std::optional<std::size_t> offset) {
  failure wrong{std::move(expected), describe_received(), name_};
  if (offset && *offset < received_.size()) locate(wrong, *offset);
  throw failure(wrong);
}

}  // namespace check
