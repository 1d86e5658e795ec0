// Grades every folder of a directory, several side by side, and writes a table of them.
// No check is played here: each folder is graded in a process of its own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "catalogue.hpp"

namespace check {

/// What is graded, and how.
struct batch_options {
  std::filesystem::path folders;  ///< has a folder for each program
  std::filesystem::path results;  ///< made if it is not there; reports and the table
  std::string build;              ///< a shell's line, said in each folder; or none
  unsigned side_by_side = 4;      ///< folders at the same time
  /// Grades the program of the folder that is the working directory, which speaks as the file
  /// @p dialect says, if it is not empty. @return the exit status of a jalon-check
  std::function<int(const std::string& dialect, const std::vector<std::string>& reports)> grade;
};

/// How one folder came out.
struct batch_row {
  std::string name;
  std::string state;  ///< "graded", "not_built" or "not_run"
  double points = 0;
  double possible = 0;
  std::size_t passed = 0, failed = 0, not_judged = 0;
  std::string first_cause;  ///< of the first failure that follows from no other; a text
};

/// A folder's `dialect.json`, if it has one, says how its program speaks.
///
/// Writes into the results, for each folder, `NAME.html`, `NAME.json` and what was printed; and
/// `table.csv` and `table.html`. Whatever is started ends before this returns.
/// @return a row for each folder, in the order of their names
/// @throws std::exception if the folders cannot be read, or the results not written
std::vector<batch_row> run_batch(batch_options options, const catalogue& texts);

}  // namespace check
