// Weights and sums.
#include "score.hpp"

#include <algorithm>
#include <stdexcept>

#include "common/resources.hpp"

namespace check {

rubric::rubric(const std::string& path) {
  const std::string text =
      path.empty() ? std::string(*tools::resource("rubric.json")) : tools::read_file(path);
  data_ = nlohmann::json::parse(text, nullptr, false);
  if (!data_.is_object() || !data_.contains("weights"))
    throw std::runtime_error("rubric " + path + " is no JSON object with \"weights\"");
}

double rubric::weight_of(const std::string& check) const {
  const auto& weights = data_.at("weights");
  if (weights.contains(check)) return weights.at(check).get<double>();
  return weights.value(check.substr(0, check.find('.')), 1.0);
}

double rubric::points_of(const check_result& result, double met) const {
  if (result.outcome == outcome::passed) return weight_of(result.check);
  const bool follows = result.outcome == outcome::failed && !result.follows_from.empty();
  if (!follows || result.cause.id == "dialect_leaves_out") return 0;
  return weight_of(result.check) * data_.value("share_if_the_cause_is_known", 0.0) * met;
}

bool rubric::may_be_left_out(const std::string& check) const {
  const auto allowed = data_.value("may_leave_out", std::vector<std::string>());
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& name) {
    return name == check || name == check.substr(0, check.find('.'));
  });
}

const check_case& case_of(const std::string& id) {
  for (const auto* checks : {&all_checks(), &all_client_checks()}) {
    for (const auto& check : *checks) {
      if (check.id == id) return check;
    }
  }
  throw std::out_of_range("no check " + id);
}

score count(const std::vector<check_result>& results, const rubric& weights) {
  score sum;
  for (const auto& result : results) {
    if (result.outcome == outcome::not_judged) {
      ++sum.not_judged;
      continue;
    }
    const bool passed = result.outcome == outcome::passed;
    ++(passed ? sum.passed : sum.failed);
    sum.possible += weights.weight_of(result.check);
    const bool hidden = case_of(result.check).requirement.empty();
    ++(hidden ? sum.hidden : sum.requirements);
    if (passed) ++(hidden ? sum.hidden_passed : sum.requirements_passed);
  }
  for (const auto& result : results) sum.points += weights.points_of(result, sum.met());
  return sum;
}

}  // namespace check
