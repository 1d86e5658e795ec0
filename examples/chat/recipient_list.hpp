// Connections to which the same lines go: the members of a channel, or all users. Chapter:
// tutorial/03-channels.
#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <jalon/service.hpp>

namespace chat {

/// A set of connections, contiguous as `actions::send` needs them. Their order means nothing, so
/// each function takes the same time for ten of them as for ten thousand: where one is removed, the
/// last one takes its place.
class recipient_list {
 public:
  /// Adds @p who, if they are not in the list.
  void add(jalon::connection_id who) {
    if (place_.try_emplace(who, list_.size()).second) list_.push_back(who);
  }

  /// Removes @p who, if they are in the list.
  void remove(jalon::connection_id who) {
    if (!place_.contains(who)) return;
    move_to_end(who);
    list_.pop_back();
    place_.erase(who);
  }

  /// Whether the list is empty.
  bool empty() const noexcept { return list_.empty(); }

  /// How many there are.
  std::size_t size() const noexcept { return list_.size(); }

  /// All of them; valid until the list changes.
  std::span<const jalon::connection_id> all() const noexcept { return list_; }

  /// All of them except @p who; valid until the next call of a function that is not const.
  std::span<const jalon::connection_id> all_except(jalon::connection_id who) {
    if (!place_.contains(who)) return all();
    move_to_end(who);
    return all().first(list_.size() - 1);
  }

 private:
  // Swaps @p who, who is in the list, with the last one.
  void move_to_end(jalon::connection_id who) {
    const jalon::connection_id last = list_.back();
    std::swap(list_[place_.at(who)], list_.back());
    std::swap(place_.at(who), place_.at(last));
  }

  std::vector<jalon::connection_id> list_;
  std::unordered_map<jalon::connection_id, std::size_t> place_;  // of each in `list_`
};

}  // namespace chat
