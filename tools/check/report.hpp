// Reports: one run's results as text, JSON, JUnit, Gradescope's JSON, or HTML.
// Results are told here, never changed.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue.hpp"
#include "common/dialect.hpp"
#include "score.hpp"

namespace check {

/// A run, and what it takes to tell it.
struct run_report {
  const std::vector<result>& results;
  const catalogue& texts;
  const rubric& weights;
  const tools::dialect& speech;
  std::string subject;  ///< what was graded: its command
};

/// The kinds of reports.
const std::vector<std::string>& report_kinds();

/// The report of that kind. @throws std::out_of_range
std::string write_report(std::string_view kind, const run_report& run);

/// One line for a check as it is done.
std::string progress_line(const result& one, const catalogue& texts);

/// One event of the story as a sentence.
std::string sentence_of(const tools::wire_event& event, const catalogue& texts);

/// The chapter's section that explains a failure.
std::string chapter_of(const result& one, const catalogue& texts);

/// The words that `tools::sequence` wants.
std::array<std::string, 5> diagram_words(const catalogue& texts);

/// What the system told, a sentence each.
std::vector<std::string> system_lines(const evidence& seen, const catalogue& texts);

// The kinds.
std::string text_report(const run_report& run);
std::string json_report(const run_report& run);
std::string junit_report(const run_report& run);
std::string gradescope_report(const run_report& run);
std::string html_report(const run_report& run);

/// The failure of one check, whole, as text.
std::string failure_text(const result& one, const catalogue& texts);

}  // namespace check
