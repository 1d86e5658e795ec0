// The root causes, from what `link_repeated_causes` found.
#include "root_causes.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace check {

std::vector<root_cause> root_causes_of(const std::vector<check_result>& results) {
  std::vector<root_cause> roots;
  std::map<std::string, std::vector<std::string>> others;
  for (const auto& result : results) {
    if (result.outcome != outcome::failed) continue;
    if (result.follows_from.empty())
      roots.push_back({&result, {}});
    else
      others[result.follows_from].push_back(result.check);
  }
  for (auto& root : roots) root.others = std::move(others[root.first->check]);
  const auto rank = [](const root_cause& root) {
    return std::pair(root.first->may_follow_from.empty(), root.others.size());
  };
  std::stable_sort(roots.begin(), roots.end(),
                   [&](const auto& a, const auto& b) { return rank(a) > rank(b); });
  return roots;
}

}  // namespace check
