// How many numbers of a line are slow to read. No JSON is parsed here.
#pragma once

#include <cstddef>
#include <string_view>

namespace chat {

namespace detail {

inline bool is_digit_or_point(char c) { return c >= '.' && c <= '9' && c != '/'; }

}  // namespace detail

/// The number of runs of more than 19 digits and points in @p line, in texts or not. A number of up
/// to 19 digits fits into 64 bits, and is made a double by a few multiplications. To round a longer
/// one, a parser may need hundreds of times as long (D. Lemire, "Number parsing at a gigabyte per
/// second", 2021). Looks at every 20th byte, and at what is around those that are digits.
inline std::size_t long_numbers(std::string_view line) {
  constexpr std::size_t longest_quick = 19;
  std::size_t count = 0;
  for (std::size_t at = longest_quick; at < line.size(); at += longest_quick + 1) {
    if (!detail::is_digit_or_point(line[at])) continue;
    std::size_t begin = at;
    while (begin > 0 && detail::is_digit_or_point(line[begin - 1])) --begin;
    while (at < line.size() && detail::is_digit_or_point(line[at])) ++at;
    if (at - begin > longest_quick) ++count;
  }
  return count;
}

}  // namespace chat
