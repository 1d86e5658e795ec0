// What the checks weigh, and what a run is worth.
// How a check came out is not decided here.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks.hpp"
#include "result.hpp"

namespace check {

/// The weights of the checks: rubric.json, which a teacher can change.
class rubric {
 public:
  /// Reads the file @p path; the one built in if it is empty. @throws std::runtime_error
  explicit rubric(const std::string& path = {});

  /// What @p check is worth: its own weight, else its group's, else 1.
  double weight_of(const std::string& check) const;
  /// What a result earns: all, or nothing, or a share if it only follows from another.
  /// @param met how much of the requirements the program meets, 0 to 1: so much of that share
  double points_of(const result& one, double met) const;

 private:
  nlohmann::json data_;
};

/// A run, counted.
struct score {
  double points = 0;
  double possible = 0;  ///< of what was judged
  std::size_t passed = 0, failed = 0, not_judged = 0;
  std::size_t requirements = 0, requirements_passed = 0;
  std::size_t hidden = 0, hidden_passed = 0;  ///< what the loopback hides

  /// How much of the requirements is met, 0 to 1; 1 if none was judged.
  double met() const noexcept {
    return requirements == 0
               ? 1
               : static_cast<double>(requirements_passed) / static_cast<double>(requirements);
  }
};

/// The check of that id. @throws std::out_of_range
const check_case& case_of(const std::string& id);

/// Counts @p results.
score count(const std::vector<result>& results, const rubric& weights);

}  // namespace check
