// The page of a cause, from docs/causes.md, which is built in: an installed checker has it too.
#pragma once

#include <string>

namespace check {

/// The section of docs/causes.md about @p cause, as text.
/// @throws std::runtime_error if there is no such cause
std::string explanation_of(const std::string& cause);

}  // namespace check
