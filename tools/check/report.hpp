// Reports of a run's results: text, JSON, JUnit, Gradescope's JSON, and HTML.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue.hpp"
#include "common/dialect.hpp"
#include "score.hpp"

namespace check {

/// No bound on the causes that a report shows.
inline constexpr std::size_t all_causes_shown = std::numeric_limits<std::size_t>::max();

/// A run's results, and what a report needs to present them.
struct run_report {
  const std::vector<check_result>& results;
  const catalogue& texts;
  const rubric& weights;
  const tools::dialect& dialect;
  std::string subject;  ///< the command that was graded
  std::string not_isolated =
      {};  ///< why the program could reach the checker; empty if it could not
  std::size_t shown_causes = all_causes_shown;  ///< of the report as text; the others are listed
};

/// The names of all kinds of reports.
const std::vector<std::string>& report_kinds();

/// Writes the report of that kind, without any deceptive character (`tools::shown`). @throws
/// std::out_of_range if there is no such kind
std::string write_report(std::string_view kind, const run_report& run);

/// A warning that begins every report of a run that was not isolated; else nothing.
std::string isolation_line(const run_report& run);

/// The score, the number of root causes, and the one to mend first.
std::string score_line(const run_report& run);

/// The line that is printed when a check is done.
std::string progress_line(const check_result& result, const catalogue& texts);

/// One event of the story as a sentence.
std::string sentence_of(const tools::wire_event& event, const catalogue& texts);

/// The likely cause of a failure in words, and another one where two remain; or the earlier check
/// that failed for the same cause.
std::string cause_of(const check_result& result, const catalogue& texts);

/// The pages that explain a failure: of its cause, and of the tutorial.
std::string reading_of(const check_result& result, const catalogue& texts);

/// The labels for `tools::sequence`.
std::array<std::string, 5> diagram_words(const catalogue& texts);

/// The evidence from the system, one sentence per line.
std::vector<std::string> system_lines(const evidence& seen, const catalogue& texts);

// The kinds.
std::string text_report(const run_report& run);
std::string json_report(const run_report& run);
std::string junit_report(const run_report& run);
std::string gradescope_report(const run_report& run);
std::string html_report(const run_report& run);

/// The full description of a failed check as text.
std::string failure_text(const check_result& result, const catalogue& texts);

}  // namespace check
