// The checks: the id of each, the milestone it belongs to, and the function that runs it.
// The catalogue holds its text, the rubric its weight.
#pragma once

#include <string>
#include <vector>

#include "stage.hpp"

namespace check {

/// One check.
struct check_case {
  std::string id;           ///< "wire.bytewise": the group and the topic
  int milestone = 1;        ///< the first milestone that it applies to, in the project's order
  std::string requirement;  ///< the number of the requirement, "2.7"; empty for hidden checks
  void (*run)(stage&) = nullptr;
  std::vector<std::string> needs = {};  ///< requests that the dialect must have
  /// Changes the options, if the usual ones do not fit.
  void (*prepare)(stage_options&) = nullptr;
  /// Values for `stage::input_size`, in ascending order. A check that fails is run again with
  /// these, and the report shows the smallest input that fails for the same cause.
  std::vector<std::size_t> smaller = {};
};

/// The first milestone that @p check applies to, in the order of the course that @p dialect is of.
int milestone_of(const check_case& check, const tools::dialect& dialect);

/// All checks of servers, in the order in which they run.
const std::vector<check_case>& all_checks();
/// All checks of clients, likewise.
const std::vector<check_case>& all_client_checks();

// The groups of checks of servers, and of clients.
std::vector<check_case> echo_checks();
std::vector<check_case> wire_checks();
std::vector<check_case> process_checks();
std::vector<check_case> user_checks();
std::vector<check_case> channel_checks();
std::vector<check_case> file_checks();

/// Runs @p part. If it fails, adds a fact to the story that tells this failure from others.
template <class Part>
void expect_noting(stage& s, const std::string& fact, const tools::arguments& values, Part part) {
  try {
    part();
  } catch (const failure&) {
    s.note(fact, values);
    throw;
  }
}

/// Two users of a new channel hear each other. The creator joins it if the program wants that.
void hears_in_own_channel(stage& s);

namespace client {
std::vector<check_case> program_checks();
std::vector<check_case> wire_checks();
std::vector<check_case> chat_checks();
std::vector<check_case> file_checks();
}  // namespace client

}  // namespace check
