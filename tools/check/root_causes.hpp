// The root causes of a run: what has to be mended, each with all checks that it fails.
// No text is in here.
#pragma once

#include <string>
#include <vector>

#include "result.hpp"

namespace check {

/// One cause, and the checks that fail for it.
struct root_cause {
  const check_result* first;        ///< the failure that shows the cause
  std::vector<std::string> others;  ///< the other checks that fail for the same cause
};

/// The root causes in the order in which to mend them: probable consequences of others last, and
/// otherwise what fails most checks first. @p results must outlive them.
std::vector<root_cause> root_causes_of(const std::vector<check_result>& results);

}  // namespace check
