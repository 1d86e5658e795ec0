// The likely cause of a failure, from evidence alone: which check failed is not known here.
// How a cause is worded stands in the catalogue, under `cause.ID`, and its chapter under
// `chapter.ID`.
#pragma once

#include <string>
#include <vector>

#include "result.hpp"

namespace check {

/// The cause that fits best, with what fills in its text.
said likely_cause(const evidence& seen, const result& about);

/// The causes that may be behind the symptoms of @p cause as well, the likeliest first.
std::vector<std::string> causes_behind(const std::string& cause);

/// Every cause that `likely_cause` can name.
std::vector<std::string> all_causes();

}  // namespace check
