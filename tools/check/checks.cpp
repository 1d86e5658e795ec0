// All checks, in order.
#include "checks.hpp"

namespace check {

namespace {

std::vector<check_case> combined(std::initializer_list<std::vector<check_case> (*)()> groups) {
  std::vector<check_case> checks;
  for (auto group : groups) {
    for (auto& check : group()) checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace

int milestone_of(const check_case& check, const tools::dialect& dialect) {
  constexpr std::string_view of_client = "client_";
  std::string_view group = std::string_view(check.id).substr(0, check.id.find('.'));
  if (group.starts_with(of_client)) group.remove_prefix(of_client.size());
  return dialect.milestone_of(group).value_or(check.milestone);
}

const std::vector<check_case>& all_checks() {
  static const auto all = combined(
      {echo_checks, user_checks, channel_checks, file_checks, wire_checks, process_checks});
  return all;
}

const std::vector<check_case>& all_client_checks() {
  static const auto all = combined(
      {client::program_checks, client::chat_checks, client::file_checks, client::wire_checks});
  return all;
}

}  // namespace check
