// Pages of a sorted list: as many entries as fit on one line, and how to ask for the next page.
// Chapter: tutorial/02-users.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "names.hpp"

namespace chat {

/// Room for the entries of one answer; the rest of the line is for its other fields.
inline constexpr std::size_t list_bytes = max_line - 1'024;

/// One page: the values of @p sorted, a map by folded names, that come after the name @p after, as
/// many as fit on a line.
/// @param make makes an entry of a value
/// @param bytes_of the most bytes that an entry takes on the line, comma included
/// @param more set to true if the list goes on after this page
template <class Map, class Make, class BytesOf>
auto list_page(const Map& sorted, const std::optional<std::string>& after, Make make,
               BytesOf bytes_of, std::optional<bool>& more) {
  std::vector<decltype(make(sorted.begin()->second))> entries;
  std::size_t used = 0;
  auto next = after ? sorted.upper_bound(folded(*after)) : sorted.begin();
  for (; next != sorted.end(); ++next) {
    auto entry = make(next->second);
    used += bytes_of(entry);
    if (used > list_bytes) {
      more = true;
      break;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// How many bytes a page takes at most, of a list of so many entries.
/// @param entry_bytes the most that an entry takes, comma included
inline std::size_t page_bytes(std::size_t entries, std::size_t entry_bytes) {
  return std::min(list_bytes, entries * entry_bytes);
}

/// The name after which the next page begins: @p last, the last entry of this page, if there is
/// @p more. Nothing if @p last is not a name: a request with it might not fit on a line.
inline std::optional<std::string> next_page(std::optional<bool> more, const std::string& last) {
  if (!more.value_or(false) || !is_name(last)) return std::nullopt;
  return last;
}

}  // namespace chat
