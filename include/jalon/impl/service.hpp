// How actions are kept; service.hpp says what they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <variant>

#include "../service.hpp"

namespace jalon {

JALON_INLINE std::size_t actions::add_recipients(std::span<const connection_id> to) {
  const std::size_t first = recipients_.size();
  recipients_.insert(recipients_.end(), to.begin(), to.end());
  return first;
}

JALON_INLINE void actions::remove_added(std::size_t first, connection_id id) {
  const auto added = recipients_.begin() + static_cast<std::ptrdiff_t>(first);
  recipients_.erase(std::remove(added, recipients_.end(), id), recipients_.end());
}

JALON_INLINE void actions::close(connection_id id) { list_.emplace_back(close_connection{id}); }

JALON_INLINE void actions::pause(connection_id id) { list_.emplace_back(pause_input{id}); }

JALON_INLINE void actions::resume(connection_id id) { list_.emplace_back(resume_input{id}); }

JALON_INLINE void actions::wake_at(steady_time when) { list_.emplace_back(wake{when}); }

JALON_INLINE void actions::log(connection_id about, std::string_view event) {
  list_.emplace_back(log_event{about, text_.size(), event.size()});
  text_ += event;
}

JALON_INLINE void actions::append(const actions& other) {
  if (&other == this) return append(actions(other));
  const std::size_t text = text_.size();
  const std::size_t recipients = recipients_.size();
  text_ += other.text_;
  recipients_.insert(recipients_.end(), other.recipients_.begin(), other.recipients_.end());
  for (action copy : other.list_) {
    if (auto* const sent = std::get_if<send_frame>(&copy)) {
      sent->begin += text;
      sent->first += recipients;
    }
    if (auto* const logged = std::get_if<log_event>(&copy)) logged->begin += text;
    list_.push_back(copy);
  }
}

JALON_INLINE void actions::clear() noexcept {
  list_.clear();
  text_.clear();
  recipients_.clear();
}

}  // namespace jalon
