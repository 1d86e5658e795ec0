// What fuzz targets say when an invariant does not hold: the words, then the end.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

/// Ends the process, which a fuzzer takes for a find, unless @p holds.
inline void expect(bool holds, const char* words) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", words);
  std::abort();
}

/// The same for something about @p text, which is shown then.
inline void expect(bool holds, const char* words, std::string_view text) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\nof: %.*s\n", words, static_cast<int>(text.size()),
               text.data());
  std::abort();
}
