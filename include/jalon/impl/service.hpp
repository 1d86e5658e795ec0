// How actions are kept; what they are stands in service.hpp.
#pragma once

#include <span>
#include <string_view>

#include "../service.hpp"

namespace jalon {

JALON_INLINE void actions::send(std::span<const connection_id> to, std::string_view line) {
  if (to.empty()) return;
  list_.emplace_back(send_line{lines_.size(), line.size() + 1, recipients_.size(), to.size()});
  lines_.append(line).push_back('\n');
  recipients_.insert(recipients_.end(), to.begin(), to.end());
}

JALON_INLINE void actions::close(connection_id who) { list_.emplace_back(close_one{who}); }

JALON_INLINE void actions::wake_at(steady_time when) { list_.emplace_back(wake{when}); }

JALON_INLINE void actions::clear() noexcept {
  list_.clear();
  lines_.clear();
  recipients_.clear();
}

}  // namespace jalon
