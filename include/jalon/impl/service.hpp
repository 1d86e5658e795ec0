// How actions are kept; what they are stands in service.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "../service.hpp"

namespace jalon {

JALON_INLINE std::size_t actions::add(std::span<const connection_id> to) {
  const std::size_t first = recipients_.size();
  recipients_.insert(recipients_.end(), to.begin(), to.end());
  return first;
}

JALON_INLINE void actions::remove_added(std::size_t first, connection_id who) {
  const auto added = recipients_.begin() + static_cast<std::ptrdiff_t>(first);
  recipients_.erase(std::remove(added, recipients_.end(), who), recipients_.end());
}

JALON_INLINE void actions::close(connection_id who) { list_.emplace_back(close_one{who}); }

JALON_INLINE void actions::wake_at(steady_time when) { list_.emplace_back(wake{when}); }

JALON_INLINE void actions::clear() noexcept {
  list_.clear();
  lines_.clear();
  recipients_.clear();
}

}  // namespace jalon
