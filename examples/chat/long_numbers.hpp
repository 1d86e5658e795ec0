// How many numbers of a line are slow to read. No JSON is parsed here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace chat {

/// The number of runs of more than 19 digits and points in @p line, in texts or not. A number of up
/// to 19 digits fits into 64 bits, and is made a double by a few multiplications. To round a longer
/// one, a parser may need hundreds of times as long (D. Lemire, "Number parsing at a gigabyte per
/// second", 2021). Looks at every 20th byte, and at what is around those that are digits.
inline std::size_t long_numbers(std::string_view line) {
  constexpr std::string_view digits = ".0123456789";
  constexpr std::size_t longest_quick = 19;
  std::size_t count = 0;
  std::size_t at = longest_quick;
  while (at < line.size()) {
    if (digits.find(line[at]) != digits.npos) {
      const auto before = line.find_last_not_of(digits, at);
      const std::size_t begin = before == line.npos ? 0 : before + 1;
      const std::size_t end = std::min(line.find_first_not_of(digits, at), line.size());
      if (end - begin > longest_quick) ++count;
      at = end;  // no digit
    }
    at += longest_quick + 1;
  }
  return count;
}

}  // namespace chat
