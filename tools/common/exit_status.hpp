// The exit statuses of the tools. docs/checker.md documents them.
#pragma once

namespace tools {

inline constexpr int all_passed = 0;     ///< all checks passed, or the tool did its work
inline constexpr int some_failed = 1;    ///< at least one check failed
inline constexpr int could_not_run = 2;  ///< an error, reported on standard error

}  // namespace tools
