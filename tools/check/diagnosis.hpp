// Finds the likely cause of a failure from the evidence. The rules do not depend on which check
// failed. The catalogue holds the text of each cause under `cause.ID`.
#pragma once

#include <string>
#include <vector>

#include "result.hpp"

namespace check {

/// The most likely cause, with the values for its text.
catalogue_text likely_cause(const evidence& seen, const check_result& about);

/// Other causes that can lead to the symptoms of @p cause, the most likely first.
std::vector<std::string> causes_behind(const std::string& cause);

/// Every cause that `likely_cause` can name.
std::vector<std::string> all_causes();

}  // namespace check
