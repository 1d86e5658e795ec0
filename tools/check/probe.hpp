// Finds out how a program speaks: tries the known deviations from a dialect, and keeps what helps.
// What is right or wrong with the program is not judged here.
#pragma once

#include <nlohmann/json.hpp>

#include "runner.hpp"

namespace check {

/// What a probe has found.
struct probed {
  nlohmann::json dialect;   ///< a dialect file, on top of the one it started from
  std::size_t working = 0;  ///< how many of the basic checks pass with it
  std::size_t of = 0;       ///< how many there are
};

/// Tries each known deviation from the dialect called @p base. What makes more of the chat
/// work is kept, until nothing helps any more.
probed probe(run_options options, const std::string& base);

}  // namespace check
