// Runs checks, each in its own process, and in its own network namespace where the system allows
// it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "checks.hpp"
#include "result.hpp"
#include "stage.hpp"

namespace check {

/// The options of a run.
struct run_options {
  stage_options stage = {};
  std::vector<const check_case*> cases = {};
  unsigned repeat = 1;             ///< how many times each check is run
  unsigned jobs = 2;               ///< the number of checks that run at the same time
  std::chrono::seconds bound{30};  ///< the time limit for one check
};

/// Moves this process into a new network namespace if possible, and chooses the program's port.
stage_options isolated(stage_options options);

/// Runs one check in this process: starts the program, runs the check, gathers evidence.
check_result run_check(const check_case& check, const stage_options& options, std::uint64_t seed);

/// Finds out how the program wants to be spoken to, before it is judged: what serves as a ping,
/// what has to be sent first, how long an answer takes, and whether the creator of a channel has to
/// join it. A slow program gets more time. If the program does not start, later checks get a
/// shorter start timeout.
void learn_habits(run_options& options);

/// Why the program can reach the checker or other processes; empty if it can't.
std::string why_not_isolated(const stage_options& options, std::chrono::seconds bound);

/// Runs all checks. Of several runs of a check, the worst counts.
/// @param on_result is called when all runs of a check are done
/// @return the results, in the order of the checks
std::vector<check_result> run_all(const run_options& options,
                                  const std::function<void(const check_result&)>& on_result);

}  // namespace check
