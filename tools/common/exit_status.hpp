// The exit statuses of the tools, as docs/checker.md promises them.
#pragma once

namespace tools {

inline constexpr int all_passed = 0;     ///< or: nothing went wrong
inline constexpr int some_failed = 1;    ///< of what was checked
inline constexpr int could_not_run = 2;  ///< and said why

}  // namespace tools
