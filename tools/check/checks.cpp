// All checks, in order: first what a milestone asks for, then what the loopback hides.
#include "checks.hpp"

namespace check {

const std::vector<check_case>& all_checks() {
  static const std::vector<check_case> all = [] {
    std::vector<check_case> checks;
    for (auto group :
         {echo_checks, user_checks, channel_checks, file_checks, wire_checks, process_checks}) {
      for (auto& one : group()) checks.push_back(std::move(one));
    }
    return checks;
  }();
  return all;
}

}  // namespace check
