// Requests that wait for a later turn of the loop, because this turn has enough work.
// Chapter: tutorial/02-users.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/service.hpp>

namespace chat {

/// Lines that were read and not carried out yet, at most one of each client.
///
/// They are taken in order of the work that they can cause, least first: so those who talk in a
/// small room do not wait for thousands who all leave a large one. A part of each turn is for the
/// oldest lines, so that each line has its turn.
class held_lines {
 public:
  /// A line, and whose it is.
  struct line {
    jalon::connection_id from;
    std::string text;
    std::uint64_t work;  ///< that it can cause
  };

  /// Whether there is none.
  bool empty() const noexcept { return by_age_.empty(); }

  /// The bytes of all lines.
  std::size_t bytes() const noexcept { return bytes_; }

  /// Keeps a copy of @p text.
  void add(jalon::connection_id from, std::string_view text, std::uint64_t work) {
    by_age_[++added_] = {from, std::string(text), work};
    by_work_.emplace(work, added_);
    bytes_ += text.size();
  }

  /// Takes the line that is there for longest. @pre not empty
  line take_oldest() { return take(by_age_.begin()->first); }

  /// Takes the line that can cause the least work. @pre not empty
  line take_smallest() { return take(by_work_.begin()->second); }

 private:
  line take(std::uint64_t number) {
    line taken = std::move(by_age_.extract(number).mapped());
    by_work_.erase({taken.work, number});
    bytes_ -= taken.text.size();
    return taken;
  }

  std::map<std::uint64_t, line> by_age_;                       // by the number of the line
  std::set<std::pair<std::uint64_t, std::uint64_t>> by_work_;  // work, and number
  std::uint64_t added_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace chat
