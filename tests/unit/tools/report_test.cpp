// What the reports and the tables make of text from others.
#include "check/report.hpp"

#include <jalon/printable.hpp>

#include "check/batch_table.hpp"
#include "common/text.hpp"
#include "unit/catch.hpp"

namespace {

std::string utf8_of(char32_t c) {
  char escape[16];
  std::snprintf(escape, sizeof escape, R"("\u%04x")", static_cast<unsigned>(c));
  return nlohmann::json::parse(escape).get<std::string>();
}

// All deceptive characters, a byte that is no UTF-8, and a character that XML does not allow.
std::string every_deceptive_character() {
  std::string all;
  for (char32_t c = 0; c < 0x3000; ++c) {
    if (jalon::is_deceptive(c)) all += utf8_of(c);
  }
  return all + "\x9b\xEF\xBF\xBE";
}

// The first deceptive character or invalid byte of a text, or nothing. Line ends are layout.
std::string deceptive_in(std::string_view text) {
  while (!text.empty()) {
    const auto [code_point, length] = jalon::decode_utf8(text);
    const bool is_line_end = code_point == U'\n' || code_point == U'\r';
    if (length == 0 || code_point == 0xFFFE || (!is_line_end && jalon::is_deceptive(code_point)))
      return tools::visible(text.substr(0, 20));
    text.remove_prefix(length);
  }
  return {};
}

check::check_result failed_with(const std::string& text) {
  check::check_result result{"echo.exact", check::outcome::failed};
  result.expected = {"due.shows", {{"word", text}}};
  result.actual = {"came.bytes", {{"bytes", text}, {"size", text}}};
  result.who = text;
  result.cause = {"exited", {{"words", text}, {"status", text}}};
  result.seen.ended = true;
  result.seen.stopped_because = text;
  result.seen.last_output = text;
  result.seen.connections.push_back({.who = text, .unread = 1});
  result.story = {{std::chrono::microseconds(1), text, tools::wire_kind::sent, text, 1, text},
                  {std::chrono::microseconds(2), "a", tools::wire_kind::received, text, 1, {}},
                  {std::chrono::microseconds(3), text, tools::wire_kind::end, {}, 0, {}},
                  {std::chrono::microseconds(4),
                   {},
                   tools::wire_kind::note,
                   {},
                   0,
                   "note.died\nsignal=" + text}};
  return result;
}

}  // namespace

TEST_CASE("no report passes on a deceptive character, whatever it is in") {
  const std::string text = every_deceptive_character();
  REQUIRE(text.size() > 100);
  REQUIRE_FALSE(deceptive_in("x\xC2\x9By").empty());
  const std::vector<check::check_result> results{failed_with(text)};
  const check::catalogue texts;
  const check::rubric weights;
  const auto dialect = tools::dialect::load("lines");
  for (const auto& kind : check::report_kinds()) {
    INFO(kind);
    CHECK(
        deceptive_in(check::write_report(kind, {results, texts, weights, dialect, text})).empty());
  }
  const auto shown = nlohmann::json::parse(
      check::write_report("gradescope", {results, texts, weights, dialect, text}));
  CHECK(deceptive_in(shown.at("tests").at(0).at("output").get<std::string>()).empty());
  const auto data =
      nlohmann::json::parse(check::write_report("json", {results, texts, weights, dialect, text}));
  CHECK(deceptive_in(data.at("results").at(0).at("cause_text").get<std::string>()).empty());
}

TEST_CASE("no table passes on a deceptive character") {
  const std::string text = every_deceptive_character();
  const std::vector<check::batch_row> rows{
      {.name = text, .files = text, .state = "graded", .first_cause = text}};
  CHECK(deceptive_in(check::csv_table(rows, check::catalogue())).empty());
  CHECK(deceptive_in(check::html_table(rows, check::catalogue())).empty());
}

TEST_CASE("what is deceptive is shown as its bytes, and what is not, unchanged") {
  CHECK(tools::visible("a\xC2\x9B\x32J \xE2\x80\xAE\x7F \xC3\xA9\xC3") ==
        "a\\xc2\\x9b2J \\xe2\\x80\\xae\\x7f \xC3\xA9\\xc3");
  CHECK(tools::shown("one\ntwo\ttabs\x1B[2J") == "one\ntwo\\ttabs\\x1b[2J");
  CHECK(tools::shortened("ab\xC3\xA9", 3) == "ab... (2 more bytes)");
}

TEST_CASE("no cell of the table is a formula, and quotes in it are doubled") {
  for (const char* const begin : {"=", "+", "-", "@", "\t", "\r"}) {
    const std::string text = std::string(begin) + "HYPERLINK(\"http://x\")";
    const std::string table = check::csv_table(
        {{.name = text, .files = "x", .state = "graded", .first_cause = "a, b\n" + text}},
        check::catalogue());
    INFO(table);
    const std::string row = table.substr(table.find("\r\n") + 2);
    const bool is_text = row.starts_with(std::string("\"'") + begin) || row.starts_with("\"\\");
    CHECK(is_text);
    CHECK(row.find("(\"\"http://x\"\")\"") != std::string::npos);
  }
}

TEST_CASE("report files collide neither with the table nor with each other") {
  const auto files = check::report_files(
      {"Table", "a", "A", "a~2", "table", "\xC3\x89t\xC3\xA9", "\xC3\xA9t\xC3\xA9", "b\n\033c"});
  CHECK(files == std::vector<std::string>{"Table~2", "a", "A~2", "a~2~2", "table~3",
                                          "\xC3\x89t\xC3\xA9", "\xC3\xA9t\xC3\xA9~2", "b__c"});
  const auto cut = check::report_files({std::string(255, 'x') + "1", std::string(255, 'x') + "2"});
  CHECK(cut[0].size() <= 250);
  CHECK(cut[0] != cut[1]);
}
