// Bytes held back, cut, joined, slowed, ended early.
#include "faults.hpp"

#include <algorithm>
#include <stdexcept>

#include <jalon/endpoint.hpp>

namespace tools {

namespace {

using std::chrono::milliseconds;

// Two sends at once are mostly one read; so what is split is sent with a pause.
constexpr milliseconds pause_of_split{2};
constexpr milliseconds pause_of_trickle{50};
constexpr std::size_t sends_a_second = 20;  // under a limited rate

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

std::uint32_t number_in(std::string_view words, std::string_view text) {
  const auto number = jalon::parse_number<std::uint32_t>(text);
  if (!number) throw std::runtime_error("a number is missing: " + std::string(words));
  return *number;
}

void apply_one(faults& now, std::string_view words) {
  const auto blank = words.find(' ');
  const std::string_view name = words.substr(0, blank);
  const auto number = [&] {
    return number_in(words, blank == words.npos ? "" : trimmed(words.substr(blank)));
  };
  const bool split_now = name == "split" || name == "random" || name == "trickle";
  if (split_now) {
    now.random = name == "random";
    now.split = name == "trickle" ? 1 : number();
    now.every = name == "trickle" ? pause_of_trickle : pause_of_split;
  } else if (name == "every") {
    now.every = milliseconds(number());
  } else if (name == "join") {
    now.join = number();
  } else if (name == "delay") {
    now.delay = milliseconds(number());
  } else if (name == "rate") {
    now.rate = number();
  } else if (name == "stall") {
    now.stall = true;
  } else if (name == "half-close") {
    now.half_close = number();
  } else if (name == "reset") {
    now.reset = number();
  } else if (name == "reset-message") {
    now.reset_message = std::max<std::uint32_t>(1, number());
  } else if (name == "go") {
    now = {};
  } else {
    throw std::runtime_error("no fault is called \"" + std::string(name) + "\"");
  }
}

}  // namespace

void apply(faults& now, std::string_view words) {
  faults changed = now;
  for (std::size_t at = 0; at <= words.size();) {
    const auto comma = std::min(words.find(',', at), words.size());
    apply_one(changed, trimmed(words.substr(at, comma - at)));
    at = comma + 1;
  }
  now = changed;
}

void bent_stream::take(std::string_view bytes, jalon::steady_time now) {
  if (half_closed_) return;  // the other side was told that this is over
  pending_ += bytes;
  arrivals_.push_back({bytes.size(), now});
}

std::size_t bent_stream::arrived(jalon::steady_time now) const {
  std::size_t bytes = 0;
  for (const auto& one : arrivals_) {
    if (one.at + how_.delay > now) break;
    bytes += one.bytes;
  }
  return bytes;
}

std::size_t bent_stream::length_of_piece(std::size_t there) {
  std::size_t length = there;
  if (how_.split > 0)
    length = how_.random ? std::uniform_int_distribution<std::size_t>(1, how_.split)(random_)
                         : how_.split;
  if (how_.rate > 0)
    length = std::min(length, std::max<std::size_t>(1, how_.rate / sends_a_second));
  for (const auto& bound : {how_.half_close, how_.reset, reset_at_}) {
    if (bound) length = std::min<std::size_t>(length, *bound > passed_ ? *bound - passed_ : 0);
  }
  return std::min(length, there);
}

bent_stream::step bent_stream::due(jalon::steady_time now) {
  if (half_closed_) return step::wait;
  for (const auto& bound : {how_.reset, reset_at_}) {
    if (bound && passed_ >= *bound && (passed_ > 0 || !pending_.empty())) return step::reset;
  }
  const bool all_gone = ended_ && pending_.empty();
  if (all_gone || (how_.half_close && passed_ >= *how_.half_close)) return step::half_close;
  const std::size_t there = arrived(now);
  const bool enough = there > 0 && (there >= how_.join || ended_);
  if (how_.stall || !enough || now < not_before_) return step::wait;
  if (piece_ == 0) piece_ = length_of_piece(there);
  return step::pass;
}

void bent_stream::half_closed() {
  half_closed_ = true;
  pending_.clear();
  arrivals_.clear();
}

void bent_stream::passed(std::size_t bytes, jalon::steady_time now) {
  pending_.erase(0, bytes);
  passed_ += bytes;
  piece_ -= bytes;
  for (std::size_t left = bytes; left > 0;) {
    const std::size_t part = std::min(left, arrivals_.front().bytes);
    arrivals_.front().bytes -= part;
    left -= part;
    if (arrivals_.front().bytes == 0) arrivals_.pop_front();
  }
  if (piece_ > 0) return;  // the rest of it waits for room, not for time
  not_before_ = now + how_.every;
  if (how_.rate > 0)
    not_before_ = std::max(not_before_, now + milliseconds(1000 * bytes / how_.rate));
}

std::optional<jalon::steady_time> bent_stream::next(jalon::steady_time now) const {
  if (how_.stall || arrivals_.empty()) return std::nullopt;
  const auto when = std::max(arrivals_.front().at + how_.delay, not_before_);
  if (when > now) return when;
  for (const auto& one : arrivals_) {
    if (one.at + how_.delay > now) return one.at + how_.delay;
  }
  return std::nullopt;
}

}  // namespace tools
