// What fuzz targets say when an invariant does not hold: the words, then the end.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the process, which a fuzzer takes for a find, unless @p holds.
inline void expect(bool holds, const char* words) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", words);
  std::abort();
}
