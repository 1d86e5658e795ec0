// How a report is read: its first line, its root causes, their pages, and what a change has
// changed.
#include "check/diagnosis.hpp"
#include "check/explanation.hpp"
#include "check/report.hpp"
#include "check/root_causes.hpp"
#include "check/watch.hpp"
#include "unit/catch.hpp"

using check::check_result;
using check::outcome;

namespace {

check_result failed(const std::string& id, const std::string& cause,
                    const std::string& follows_from = {}) {
  check_result result{id, outcome::failed};
  result.expected = {"due.served"};
  result.actual = {"came.nothing"};
  result.cause = {cause};
  result.follows_from = follows_from;
  return result;
}

// Five causes; the second one fails most checks.
std::vector<check_result> five_causes() {
  return {failed("echo.exact", "cut_at_zero"),
          failed("echo.long", "cut_at_size"),
          failed("echo.again", "cut_at_size", "echo.long"),
          failed("echo.several", "one_at_a_time"),
          failed("echo.quit", "end_unnoticed"),
          failed("echo.nobody_else", "told_too_many")};
}

std::string text_of(const std::vector<check_result>& results, std::size_t shown) {
  const check::catalogue texts;
  const check::rubric weights;
  const auto dialect = tools::dialect::load("lines");
  check::run_report run{results, texts, weights, dialect, "program"};
  run.shown_causes = shown;
  return check::write_report("text", run);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the first line has the score, the number of causes, and the one to mend first") {
  CHECK(first_line(text_of(five_causes(), 3)) ==
        "0 of 12 points; 5 root causes; mend first: echo.long (cut_at_size).");
  CHECK(first_line(text_of({check_result{"echo.exact"}}, 3)) == "2 of 2 points; nothing failed.");
  CHECK(first_line(text_of({check_result{"echo.exact", outcome::not_judged}}, 3)) ==
        "Nothing could be judged.");
}

TEST_CASE("what probably follows from a cause is not counted as one") {
  auto results = five_causes();
  results[3].may_follow_from = "echo.exact";
  results[4].may_follow_from = "echo.exact";
  const std::string text = text_of(results, 2);
  CHECK(first_line(text) ==
        "0 of 12 points; 3 root causes, 2 probable consequences; mend first: echo.long "
        "(cut_at_size).");
  CHECK(
      has(text, "echo.quit (end_unnoticed), which fails 1 check and may follow from echo.exact\n"));
}

TEST_CASE("a cause that fails many checks is told once") {
  const std::string text = text_of(five_causes(), check::all_causes_shown);
  CHECK(has(text, "FAILED  echo.long"));
  CHECK_FALSE(has(text, "FAILED  echo.again"));
  CHECK(has(text, "The same cause fails 1 check more: echo.again."));
}

TEST_CASE("a report for the terminal shows three causes and lists the others") {
  const std::string text = text_of(five_causes(), 3);
  CHECK(has(text, "FAILED  echo.several"));
  CHECK_FALSE(has(text, "FAILED  echo.quit"));
  CHECK(has(text, "2 causes more"));
  CHECK(has(text, "echo.quit (end_unnoticed), which fails 1 check\n"));
  CHECK(has(text_of(five_causes(), check::all_causes_shown), "FAILED  echo.nobody_else"));
}

TEST_CASE("what may be a consequence is mended last") {
  auto results = five_causes();
  results[1].may_follow_from = "echo.quit";
  const auto roots = check::root_causes_of(results);
  REQUIRE(roots.size() == 5);
  CHECK(roots.front().first->check == "echo.exact");
  CHECK(roots.back().first->check == "echo.long");
  CHECK(roots.back().others == std::vector<std::string>{"echo.again"});
}

TEST_CASE("every cause has its page, built in") {
  for (const auto& cause : check::all_causes()) {
    INFO(cause);
    const std::string page = check::explanation_of(cause);
    CHECK(page.find("### " + cause + "\n") == 0);
    CHECK(has(page, "**The better one**"));
    CHECK_FALSE(has(page, "<!--"));
    CHECK_FALSE(has(page.substr(3), "\n## "));
  }
  CHECK_THROWS_AS(check::explanation_of("none"), std::runtime_error);
  CHECK_THROWS_AS(check::explanation_of(""), std::runtime_error);
}

TEST_CASE("a program is checked again when it has changed and is complete") {
  check::change_detector changes("old");
  CHECK_FALSE(changes.observe("old"));
  CHECK_FALSE(changes.observe("old"));
  CHECK_FALSE(changes.observe(""));  // the build has removed it
  CHECK_FALSE(changes.observe(""));
  CHECK_FALSE(changes.observe("half"));  // the linker is writing
  CHECK_FALSE(changes.observe("whole"));
  CHECK(changes.observe("whole"));
}

TEST_CASE("a file that is written again as it was is no change") {
  check::change_detector changes("old");
  CHECK_FALSE(changes.observe("touched"));
  CHECK_FALSE(changes.observe("old"));
  CHECK_FALSE(changes.observe("old"));
}

TEST_CASE("the difference between two runs names what is newly right and newly wrong") {
  const check::catalogue texts;
  const auto two = [](outcome first, outcome second) {
    return std::vector<check_result>{{"echo.exact", first}, {"echo.long", second}};
  };
  const auto before = two(outcome::failed, outcome::passed);
  CHECK(check::difference_text(before, two(outcome::passed, outcome::failed), texts) ==
        "NEWLY RIGHT: echo.exact\nNEWLY WRONG: echo.long\n");
  CHECK(check::difference_text(before, before, texts) == "Nothing is newly right or wrong.\n");
}
