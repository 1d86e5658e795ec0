// The tables of a batch, and the names of its files. Nothing here starts a process.
#pragma once

#include <string>
#include <vector>

#include "catalogue.hpp"

namespace check {

/// The result of one folder.
struct batch_row {
  std::string name;   ///< the folder's, as it is on disk
  std::string files;  ///< the name of its report files, without the ending
  std::string state;  ///< "graded", "not_built" or "not_run"
  double points = 0;
  double possible = 0;
  std::size_t passed = 0, failed = 0, not_judged = 0;
  std::string first_cause;  ///< the text of the first failure's cause
  bool is_isolated = true;  ///< otherwise the program could have written its own marks
};

/// How it came out, in words.
std::string state_text(const batch_row& row, const catalogue& texts);

/// For each folder the name of its report files, without the ending. A team chooses the name of its
/// folder. So a name that differs from another or from `table` only in case gets a number;
/// deceptive characters become `_`; and a long name is cut.
std::vector<std::string> report_files(const std::vector<std::string>& folders);

/// The rows as comma-separated values (RFC 4180). A spreadsheet takes no cell for a formula.
std::string csv_table(const std::vector<batch_row>& rows, const catalogue& texts);

/// The rows as a page, with a link to each report.
std::string html_table(const std::vector<batch_row>& rows, const catalogue& texts);

}  // namespace check
