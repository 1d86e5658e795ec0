// A sorted list, cut where it would not fit on one line; and what is asked for to see it all.
// Chapter: tutorial/02-users.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "names.hpp"

namespace chat {

/// Room for the entries of one answer; the rest of the line is for its other fields.
inline constexpr std::size_t list_bytes = max_line - 1'024;

/// The values of @p sorted, a map by folded names, from the first after @p after on, as many as
/// fit on a line.
/// @param make makes an entry of a value
/// @param bytes_of the most an entry takes on the line, comma included
/// @param more set to true if there are more
template <class Map, class Make, class BytesOf>
auto list_page(const Map& sorted, const std::optional<std::string>& after, Make make,
               BytesOf bytes_of, std::optional<bool>& more) {
  std::vector<decltype(make(sorted.begin()->second))> entries;
  std::size_t used = 0;
  auto one = after ? sorted.upper_bound(folded(*after)) : sorted.begin();
  for (; one != sorted.end(); ++one) {
    auto entry = make(one->second);
    used += bytes_of(entry);
    if (used > list_bytes) {
      more = true;
      break;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// The name behind which the next page of a list begins, if there is @p more behind @p last, the
/// last entry of this one. What is no name is not asked for: it might not fit on a line.
inline std::optional<std::string> next_page(std::optional<bool> more, const std::string& last) {
  if (!more.value_or(false) || !is_name(last)) return std::nullopt;
  return last;
}

}  // namespace chat
