// The weights of the checks, and the score of a run.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks.hpp"
#include "result.hpp"

namespace check {

/// The weights of the checks, from rubric.json. A teacher can use another file.
class rubric {
 public:
  /// Reads the file @p path, or the built-in one if the path is empty. @throws std::runtime_error
  explicit rubric(const std::string& path = {});

  /// The weight of @p check: its own, else its group's, else 1.
  double weight_of(const std::string& check) const;
  /// The points for a result: the full weight if it passed; a share of it if it failed for the same
  /// cause as an earlier check, and was tried; else nothing.
  /// @param met the fraction of the requirements that the program meets; scales the share
  double points_of(const check_result& result, double met) const;

  /// Whether the dialect of a program of a course may lack what @p check needs: `may_leave_out` has
  /// the id of the check, or its group.
  bool may_be_left_out(const std::string& check) const;

 private:
  nlohmann::json data_;
};

/// The totals of a run.
struct score {
  double points = 0;
  double possible = 0;  ///< the weights of all checks that were judged
  std::size_t passed = 0, failed = 0, not_judged = 0;
  std::size_t requirements = 0, requirements_passed = 0;
  std::size_t hidden = 0,
              hidden_passed = 0;  ///< checks without a requirement: what the loopback hides

  /// The fraction of the requirements that are met, 0 to 1; 1 if none was judged.
  double met() const noexcept {
    return requirements == 0
               ? 1
               : static_cast<double>(requirements_passed) / static_cast<double>(requirements);
  }
};

/// The check with that id. @throws std::out_of_range if there is none
const check_case& case_of(const std::string& id);

/// Counts @p results.
score count(const std::vector<check_result>& results, const rubric& weights);

}  // namespace check
