// Fault injection.
#include "faults.hpp"

#include <algorithm>
#include <stdexcept>

#include <jalon/endpoint.hpp>

namespace tools {

namespace {

using std::chrono::milliseconds;

// Without a pause between two sends, the receiver would mostly get both with one read.
constexpr milliseconds split_pause{2};
constexpr milliseconds trickle_pause{50};
constexpr std::size_t sends_per_second = 20;  // under a limited rate

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

std::uint32_t number_in(std::string_view spec, std::string_view text) {
  const auto number = jalon::parse_number<std::uint32_t>(text);
  if (!number) throw std::runtime_error("a number is missing: " + std::string(spec));
  return *number;
}

void apply_fault(faults& current, std::string_view spec) {
  const auto blank = spec.find(' ');
  const std::string_view name = spec.substr(0, blank);
  const auto number = [&] {
    return number_in(spec, blank == spec.npos ? "" : trimmed(spec.substr(blank)));
  };
  const bool is_split = name == "split" || name == "random" || name == "trickle";
  if (is_split) {
    current.random = name == "random";
    current.split = name == "trickle" ? 1 : number();
    current.every = name == "trickle" ? trickle_pause : split_pause;
  } else if (name == "every") {
    current.every = milliseconds(number());
  } else if (name == "join") {
    current.join = number();
  } else if (name == "delay") {
    current.delay = milliseconds(number());
  } else if (name == "rate") {
    current.rate = number();
  } else if (name == "stall") {
    current.stall = true;
  } else if (name == "half-close") {
    current.half_close = number();
  } else if (name == "reset") {
    current.reset = number();
  } else if (name == "reset-message") {
    current.reset_message = std::max<std::uint32_t>(1, number());
  } else if (name == "go") {
    current = {};
  } else {
    throw std::runtime_error("no fault is called \"" + std::string(name) + "\"");
  }
}

}  // namespace

void apply(faults& current, std::string_view spec) {
  faults changed = current;
  for (std::size_t at = 0; at <= spec.size();) {
    const auto comma = std::min(spec.find(',', at), spec.size());
    apply_fault(changed, trimmed(spec.substr(at, comma - at)));
    at = comma + 1;
  }
  current = changed;
}

void faulty_stream::append(std::string_view bytes, jalon::steady_time now) {
  if (closed_) return;  // the other side has already received the end
  pending_ += bytes;
  arrivals_.push_back({bytes.size(), now});
}

std::size_t faulty_stream::deliverable(jalon::steady_time now) const {
  std::size_t bytes = 0;
  for (const auto& chunk : arrivals_) {
    if (chunk.at + faults_.delay > now) break;
    bytes += chunk.bytes;
  }
  return bytes;
}

std::size_t faulty_stream::piece_length(std::size_t available) {
  std::size_t length = available;
  if (faults_.split > 0)
    length = faults_.random ? std::uniform_int_distribution<std::size_t>(1, faults_.split)(random_)
                            : faults_.split;
  if (faults_.rate > 0)
    length = std::min(length, std::max<std::size_t>(1, faults_.rate / sends_per_second));
  for (const auto& bound : {faults_.half_close, faults_.reset, reset_at_}) {
    if (bound) length = std::min<std::size_t>(length, *bound > sent_ ? *bound - sent_ : 0);
  }
  return std::min(length, available);
}

faulty_stream::step faulty_stream::next_step(jalon::steady_time now) {
  if (closed_) return step::wait;
  for (const auto& bound : {faults_.reset, reset_at_}) {
    if (bound && sent_ >= *bound && (sent_ > 0 || !pending_.empty())) return step::reset;
  }
  const bool all_sent = ended_ && pending_.empty();
  if (all_sent || (faults_.half_close && sent_ >= *faults_.half_close)) return step::half_close;
  const std::size_t available = deliverable(now);
  const bool enough = available > 0 && (available >= faults_.join || ended_);
  if (faults_.stall || !enough || now < not_before_) return step::wait;
  if (piece_ == 0) piece_ = piece_length(available);
  return step::send;
}

void faulty_stream::close() {
  closed_ = true;
  pending_.clear();
  arrivals_.clear();
}

void faulty_stream::consume(std::size_t bytes, jalon::steady_time now) {
  pending_.erase(0, bytes);
  sent_ += bytes;
  piece_ -= bytes;
  for (std::size_t left = bytes; left > 0;) {
    const std::size_t part = std::min(left, arrivals_.front().bytes);
    arrivals_.front().bytes -= part;
    left -= part;
    if (arrivals_.front().bytes == 0) arrivals_.pop_front();
  }
  if (piece_ > 0) return;  // the rest of the piece waits for the socket, not for a timer
  not_before_ = now + faults_.every;
  if (faults_.rate > 0)
    not_before_ = std::max(not_before_, now + milliseconds(1000 * bytes / faults_.rate));
}

std::optional<jalon::steady_time> faulty_stream::next_wakeup(jalon::steady_time now) const {
  if (faults_.stall || arrivals_.empty()) return std::nullopt;
  const auto when = std::max(arrivals_.front().at + faults_.delay, not_before_);
  if (when > now) return when;
  for (const auto& chunk : arrivals_) {
    if (chunk.at + faults_.delay > now) return chunk.at + faults_.delay;
  }
  return std::nullopt;
}

}  // namespace tools
