// The checks: what each is called, from which milestone it holds, and how it is played.
// How it is worded stands in the catalogue, what it weighs in the rubric.
#pragma once

#include <string>
#include <vector>

#include "stage.hpp"

namespace check {

/// One check.
struct check_case {
  std::string id;           ///< "wire.bytewise": a group, and what it is about
  int milestone = 1;        ///< the first that it holds for, in the project's order
  std::string requirement;  ///< "2.7"; empty: what the loopback hides
  void (*play)(stage&) = nullptr;
  std::vector<std::string> needs = {};  ///< requests that the dialect must have
  /// What the program is given, where it is not the usual.
  void (*prepare)(subject_options&) = nullptr;
  /// Where it fails, and fails for the same cause with less input, it is told with the least: what
  /// `stage::size` then is, smallest first.
  std::vector<std::size_t> smaller = {};
};

/// The first milestone that @p one holds for, where the course has the order that @p speech says.
int milestone_of(const check_case& one, const tools::dialect& speech);

/// All checks of servers, in the order in which they are played.
const std::vector<check_case>& all_checks();
/// All checks of clients, likewise.
const std::vector<check_case>& all_client_checks();

// The groups, of servers and of clients.
std::vector<check_case> echo_checks();
std::vector<check_case> wire_checks();
std::vector<check_case> process_checks();
std::vector<check_case> user_checks();
std::vector<check_case> channel_checks();
std::vector<check_case> file_checks();

namespace client {
std::vector<check_case> program_checks();
std::vector<check_case> wire_checks();
std::vector<check_case> chat_checks();
std::vector<check_case> file_checks();
}  // namespace client

}  // namespace check
