// How the events of a server are counted.
#include "event_log.hpp"

#include <algorithm>
#include <utility>

namespace program {

event_log::event_log(printer print, clock_function clock, wake_function wake_at)
    : print_(std::move(print)), clock_(std::move(clock)), wake_at_(std::move(wake_at)) {}

event_log::~event_log() {
  for (const auto& [event, counted] : groups_) tell(event, counted);
}

void event_log::add(std::string_view event, std::string_view detail) {
  expire();
  const auto known = groups_.find(event);
  if (known != groups_.end()) {
    ++known->second.more;
    known->second.last_detail = detail;
    return;
  }
  print_(std::string(event) + ": " + std::string(detail));
  const jalon::steady_time end = jalon::time_after(clock_(), period);
  groups_.emplace(event, group{end});
  if (groups_.size() == 1) wake_at_(end);  // else `expire` asks for the next one
}

void event_log::expire() {
  const jalon::steady_time now = clock_();
  bool has_expired = false;
  for (auto next = groups_.begin(); next != groups_.end();) {
    const auto [event, counted] = *next;
    if (counted.end > now) {
      ++next;
      continue;
    }
    next = groups_.erase(next);
    has_expired = true;
    tell(event, counted);
  }
  if (!has_expired || groups_.empty()) return;
  const auto first = std::min_element(
      groups_.begin(), groups_.end(),
      [](const auto& one, const auto& other) { return one.second.end < other.second.end; });
  wake_at_(first->second.end);
}

void event_log::tell(const std::string& event, const group& counted) const {
  if (counted.more == 0) return;
  print_(std::to_string(counted.more) + " more like it: " + event +
         "; the last: " + counted.last_detail);
}

}  // namespace program
