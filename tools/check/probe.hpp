// Finds a program's dialect: tries the known deviations from a dialect and keeps those that help.
#pragma once

#include <nlohmann/json.hpp>

#include "runner.hpp"

namespace check {

/// The result of a probe.
struct probe_result {
  nlohmann::json dialect;   ///< a dialect file that extends the initial dialect
  std::size_t working = 0;  ///< how many of the basic checks pass with it
  std::size_t total = 0;    ///< the number of basic checks
};

/// Tries each known deviation from the dialect called @p base, and keeps it if more checks pass
/// with it. Ends when no deviation helps any more.
probe_result probe(run_options options, const std::string& base);

}  // namespace check
