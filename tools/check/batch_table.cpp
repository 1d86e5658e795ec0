// The tables of a batch, and the names of its files.
#include "batch_table.hpp"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include <jalon/printable.hpp>

#include "common/sequence.hpp"
#include "common/text.hpp"

namespace check {

namespace {

constexpr std::size_t longest_file = 200;  // file systems allow 255, with the ending and a number

// A name as a file system that ignores case compares it.
std::string case_folded(std::string_view name) {
  static const locale_t unicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string folded;
  while (!name.empty()) {
    const auto [code_point, length] = jalon::decode_utf8(name);
    const auto letter = static_cast<wint_t>(code_point);
    folded +=
        std::to_string(unicode == nullptr ? ::towlower(letter) : ::towlower_l(letter, unicode));
    folded += ' ';
    name.remove_prefix(length);
  }
  return folded;
}

std::string harmless_name(std::string_view folder) {
  std::string name;
  while (!folder.empty()) {
    const auto [code_point, length] = jalon::decode_utf8(folder);
    const bool is_kept = length != 0 && !jalon::is_deceptive(code_point);
    name += is_kept ? folder.substr(0, length) : "_";
    folder.remove_prefix(std::max<std::size_t>(1, length));
  }
  return std::string(jalon::utf8_prefix(name, longest_file));
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::vector<std::string> cells_of(const batch_row& row, const catalogue& texts) {
  return {tools::visible(row.name),
          state_text(row, texts),
          number(row.points),
          number(row.possible),
          std::to_string(row.passed),
          std::to_string(row.failed),
          std::to_string(row.not_judged),
          row.first_cause};
}

std::vector<std::string> column_titles(const catalogue& texts) {
  std::vector<std::string> words;
  for (const char* id :
       {"program", "state", "points", "possible", "passed", "failed", "not_judged", "first_cause"})
    words.push_back(texts.say(std::string("batch.") + id));
  return words;
}

// Spreadsheets execute a cell that begins with one of these; an apostrophe makes it a text.
bool looks_like_formula(std::string_view cell) {
  return !cell.empty() && std::string_view("=+-@\t\r\n").find(cell.front()) != std::string::npos;
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const auto& cell : cells) {
    line += line.empty() ? "\"" : ",\"";
    if (looks_like_formula(cell)) line += '\'';
    for (const char c : cell) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\r\n";
}

std::string html_line(const std::vector<std::string>& cells, const char* tag) {
  std::string line = "<tr>";
  for (const auto& cell : cells)
    line += std::string("<") + tag + ">" + tools::as_html(cell) + "</" + tag + ">";
  return line + "</tr>\n";
}

}  // namespace

std::string state_text(const batch_row& row, const catalogue& texts) {
  return texts.say("batch." + (row.is_isolated ? row.state : "not_isolated"));
}

std::vector<std::string> report_files(const std::vector<std::string>& folders) {
  std::set<std::string> taken{case_folded("table")};
  std::vector<std::string> files;
  for (const auto& folder : folders) {
    const std::string name = harmless_name(folder);
    std::string file = name;
    for (int n = 2; !taken.insert(case_folded(file)).second; ++n)
      file = name + "~" + std::to_string(n);
    files.push_back(std::move(file));
  }
  return files;
}

std::string csv_table(const std::vector<batch_row>& rows, const catalogue& texts) {
  std::string table = csv_line(column_titles(texts));
  for (const auto& row : rows) {
    auto cells = cells_of(row, texts);
    for (auto& cell : cells) cell = tools::shown(cell);
    table += csv_line(cells);
  }
  return table;
}

std::string html_table(const std::vector<batch_row>& rows, const catalogue& texts) {
  std::string html = tools::page_begin(texts.say("batch.title")) + "<h1>" +
                     tools::as_html(texts.say("batch.title")) + "</h1>\n<table>\n" +
                     html_line(column_titles(texts), "th");
  for (const auto& row : rows) {
    auto cells = cells_of(row, texts);
    const std::string name = cells.front();
    cells.erase(cells.begin());
    const std::string report = row.files + (row.state == "graded" ? ".html" : ".log");
    html += "<tr class=\"" +
            std::string(row.failed == 0 && row.possible > 0 ? "passed" : "failed") +
            "\"><td><a href=\"" + tools::as_html(tools::as_url_segment(report)) + "\">" +
            tools::as_html(name) + "</a></td>" + html_line(cells, "td").substr(4);
  }
  return tools::shown(html + "</table>\n" + tools::page_end());
}

}  // namespace check
