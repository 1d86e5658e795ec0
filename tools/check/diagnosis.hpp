// Finds the likely cause of a failure from the evidence. The rules do not depend on which check
// failed. The catalogue holds the text of each cause under `cause.ID`; docs/causes.md explains it
// under a heading of the same name.
#pragma once

#include <string>
#include <vector>

#include "result.hpp"

namespace check {

/// The most likely cause, with the values for its text.
catalogue_text likely_cause(const evidence& seen, const check_result& about);

/// A second cause that the evidence does not exclude; without an id if there is none.
catalogue_text other_cause(const evidence& seen, const check_result& about);

/// Every cause that `likely_cause` can name.
std::vector<std::string> all_causes();

/// Marks failures that have the cause of an earlier one, or may follow from it. Two failures have
/// one cause if it has the same name and they expected the same kind of thing; two deaths if the
/// program also died in the same way, of the same request or at the same place.
void link_repeated_causes(std::vector<check_result>& results);

}  // namespace check
