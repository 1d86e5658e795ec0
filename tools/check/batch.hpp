// Grades every folder of a directory, several at the same time, and writes a table of the results.
// Each folder is graded in its own process.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "batch_table.hpp"
#include "catalogue.hpp"

namespace check {

/// The options of a batch.
struct batch_options {
  std::filesystem::path folders;  ///< the directory with one folder per program
  std::filesystem::path results;  ///< for the reports and the table; created if missing
  std::string build;              ///< a shell command that is run in each folder; may be empty
  unsigned side_by_side = 4;      ///< the number of folders graded at the same time
  /// Grades the program in the working directory. @param dialect the file of its dialect, or empty
  /// @return the exit status, as of jalon-check
  std::function<int(const std::string& dialect, const std::vector<std::string>& reports)> grade;
};

/// Grades all folders. A folder's `dialect.json`, if it has one, is the dialect of its program.
///
/// Writes into the results for each folder `NAME.html`, `NAME.json` and the output as `NAME.log`,
/// see `report_files`; and `table.csv` and `table.html`. A build may change its own folder only,
/// where the system has Landlock; elsewhere a warning is printed. All processes that were started
/// have ended on return.
/// @return a row for each folder, sorted by name
/// @throws std::exception if the folders cannot be read or the results cannot be written
std::vector<batch_row> run_batch(batch_options options, const catalogue& texts);

}  // namespace check
