// A program of a course: its dialect may describe how it speaks, but not what is asked of it.
// Nothing here talks to a program.
#pragma once

#include "common/dialect.hpp"
#include "result.hpp"
#include "score.hpp"

namespace check {

/// The dialect of a program, with those fields of the @p course's that say what is asked of it: the
/// milestones and the longest name; and, if both frame messages in the same way, the attacks, and
/// the refusals for which @p own has no word.
tools::dialect within_course(const tools::dialect& own, const tools::dialect& course);

/// Makes a failure of @p result if it could not be judged because @p own leaves out what the
/// @p course's dialect has, unless @p weights allows that.
void fail_if_left_out(check_result& result, const tools::dialect& own, const tools::dialect& course,
                      const rubric& weights);

}  // namespace check
