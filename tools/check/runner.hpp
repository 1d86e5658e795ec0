// Runs checks: each in a process of its own, in a network of its own where the system allows it.
// What a check does, and how its result is told, is not known here.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "checks.hpp"
#include "result.hpp"
#include "stage.hpp"

namespace check {

/// How a run is done.
struct run_options {
  settings with = {};
  std::vector<const check_case*> cases = {};
  unsigned repeat = 1;
  unsigned jobs = 2;
  std::chrono::seconds bound{30};  ///< for one check
};

/// Plays one check in this process: starts the program, plays, gathers evidence.
result play(const check_case& one, const settings& with, std::uint64_t seed);

/// Finds out what serves as a ping: "echo", "msg" to oneself, or "who". A program that does not
/// come to listen or to connect has less time for it in what follows.
void get_to_know(settings& with, std::chrono::seconds bound);

/// Plays all, the worst outcome of each counting. @param tell is called as each is done
/// @return the results in the order of the checks
std::vector<result> run_all(const run_options& options,
                            const std::function<void(const result&)>& tell);

/// Says of each failure whether it follows from one before it: the same cause, named once.
void name_causes_once(std::vector<result>& results);

}  // namespace check
