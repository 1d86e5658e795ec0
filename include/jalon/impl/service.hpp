// How actions are kept; what they are stands in service.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "../service.hpp"

namespace jalon {

JALON_INLINE void actions::send(std::span<const connection_id> to, std::string_view line) {
  const std::size_t first = recipients_.size();
  recipients_.insert(recipients_.end(), to.begin(), to.end());
  send_to_last(first, line);
}

JALON_INLINE void actions::send_to_others(connection_id self, std::span<const connection_id> to,
                                          std::string_view line) {
  const std::size_t first = recipients_.size();
  recipients_.insert(recipients_.end(), to.begin(), to.end());
  const auto added = recipients_.begin() + static_cast<std::ptrdiff_t>(first);
  recipients_.erase(std::remove(added, recipients_.end(), self), recipients_.end());
  send_to_last(first, line);
}

JALON_INLINE void actions::send_to_last(std::size_t first, std::string_view line) {
  const std::size_t count = recipients_.size() - first;
  if (count == 0) return;
  list_.emplace_back(send_line{lines_.size(), line.size() + 1, first, count});
  lines_.append(line).push_back('\n');
}

JALON_INLINE void actions::close(connection_id who) { list_.emplace_back(close_one{who}); }

JALON_INLINE void actions::wake_at(steady_time when) { list_.emplace_back(wake{when}); }

JALON_INLINE void actions::clear() noexcept {
  list_.clear();
  lines_.clear();
  recipients_.clear();
}

}  // namespace jalon
