// Finds a program's dialect, and says how much of the chat works with it.
#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "explorer.hpp"
#include "runner.hpp"

namespace check {

/// The result of a probe.
struct probe_result {
  nlohmann::json dialect;   ///< a dialect file that extends the initial dialect
  exploration search = {};  ///< how it was found
  std::size_t working = 0;  ///< how many of the basic checks pass with it
  std::size_t total = 0;    ///< the number of basic checks
};

/// Finds out how a program deviates from the dialect called @p base, if that has a binary header.
/// @param limit how long the search may take, without the basic checks behind it
probe_result probe(run_options options, const std::string& base, std::chrono::seconds limit);

}  // namespace check
