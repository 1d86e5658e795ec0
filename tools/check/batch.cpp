// Grades a class: one process per folder builds the program and grades it.
#include "batch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>

#include <jalon/error.hpp>

#include "common/exit_status.hpp"
#include "common/resources.hpp"
#include "common/sequence.hpp"
#include "common/text.hpp"
#include "subject.hpp"

namespace check {

namespace {

namespace fs = std::filesystem;

// Exit statuses of a folder's process, in addition to those of jalon-check.
constexpr int not_built = 100;
constexpr int not_started = 101;

constexpr const char* build_seconds = "300";
constexpr rlim_t build_file_bytes = 1U << 30;

std::vector<std::string> folders_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::string name = entry.path().filename().string();
    if (entry.is_directory() && !name.starts_with('.')) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path result_of(const batch_options& options, const std::string& name, const char* kind) {
  return options.results / (name + kind);
}

// Runs the build command, in a folder's process. @return whether it succeeded in time
bool run_build(const std::string& line) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const rlimit bound{build_file_bytes, build_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &bound);
    ::execlp("timeout", "timeout", "--kill-after=1", build_seconds, "/bin/sh", "-c", line.c_str(),
             nullptr);
    ::_exit(not_started);
  }
  int status = 0;
  if (pid == -1 || ::waitpid(pid, &status, 0) != pid) return false;
  kill_descendants();  // the build may have left processes running
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

[[noreturn]] void grade_folder(const batch_options& options, const std::string& name) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const fs::path folder = options.folders / name;
  const std::string log = result_of(options, name, ".log").string();
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (output == -1 || ::chdir(folder.c_str()) == -1) ::_exit(not_started);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (!options.build.empty() && !run_build(options.build)) ::_exit(not_built);
  const fs::path dialect = folder / "dialect.json";
  int status = not_started;
  try {
    status = options.grade(fs::exists(dialect) ? dialect.string() : "",
                           {"json=" + result_of(options, name, ".json").string(),
                            "html=" + result_of(options, name, ".html").string()});
  } catch (const std::exception& error) {
    std::cerr << "jalon-check: " << error.what() << "\n";
  }
  std::cerr << std::flush;
  ::_exit(status);
}

batch_row row_of(const batch_options& options, const std::string& name, int status) {
  batch_row row;
  row.name = name;
  row.state = status == not_built ? "not_built" : "not_run";
  if (status > tools::some_failed) return row;
  const auto report =
      nlohmann::json::parse(tools::read_file(result_of(options, name, ".json").string()));
  row.state = "graded";
  row.points = report.at("points");
  row.possible = report.at("possible");
  row.passed = report.at("passed");
  row.failed = report.at("failed");
  row.not_judged = report.at("not_judged");
  for (const auto& entry : report.at("results")) {
    if (entry.at("outcome") != "failed") continue;
    row.first_cause = entry.at("cause_text");
    break;
  }
  return row;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::vector<std::string> cells_of(const batch_row& row, const catalogue& texts) {
  return {row.name,
          texts.say("batch." + row.state),
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

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const auto& cell : cells) {
    if (!line.empty()) line += ',';
    line += '"';
    for (const char c : cell) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\r\n";
}

// Comma-separated values (RFC 4180).
std::string csv_table(const std::vector<batch_row>& rows, const catalogue& texts) {
  std::string table = csv_line(column_titles(texts));
  for (const auto& row : rows) table += csv_line(cells_of(row, texts));
  return table;
}

std::string html_line(const std::vector<std::string>& cells, const char* tag) {
  std::string line = "<tr>";
  for (const auto& cell : cells)
    line += std::string("<") + tag + ">" + tools::as_html(cell) + "</" + tag + ">";
  return line + "</tr>\n";
}

std::string html_table(const std::vector<batch_row>& rows, const catalogue& texts) {
  std::string html = tools::page_begin(texts.say("batch.title")) + "<h1>" +
                     tools::as_html(texts.say("batch.title")) + "</h1>\n<table>\n" +
                     html_line(column_titles(texts), "th");
  for (const auto& row : rows) {
    auto cells = cells_of(row, texts);
    cells.erase(cells.begin());
    const std::string report = row.name + (row.state == "graded" ? ".html" : ".log");
    html += "<tr class=\"" +
            std::string(row.failed == 0 && row.possible > 0 ? "passed" : "failed") +
            "\"><td><a href=\"" + tools::as_html(tools::as_url_segment(report)) + "\">" +
            tools::as_html(row.name) + "</a></td>" + html_line(cells, "td").substr(4);
  }
  return html + "</table>\n" + tools::page_end();
}

// Waits until a folder is done. @return the id and the exit status of its process
std::pair<pid_t, int> wait_for_folder() {
  int status = 0;
  const pid_t pid = jalon::check_call(::waitpid(-1, &status, 0), "waitpid");
  return {pid, WIFEXITED(status) ? WEXITSTATUS(status) : not_started};
}

}  // namespace

std::vector<batch_row> run_batch(batch_options options, const catalogue& texts) {
  options.folders = fs::absolute(options.folders);  // the processes change their working directory
  options.results = fs::absolute(options.results);
  const auto names = folders_in(options.folders);
  if (names.empty()) throw std::runtime_error("no folder is in " + options.folders.string());
  fs::create_directories(options.results);
  std::map<pid_t, std::string> running;
  std::vector<batch_row> rows;
  auto next = names.begin();
  while (next != names.end() || !running.empty()) {
    if (next != names.end() && running.size() < options.side_by_side) {
      const pid_t pid = jalon::check_call(::fork(), "fork");
      if (pid == 0) grade_folder(options, *next);
      running.emplace(pid, *next++);
      continue;
    }
    const auto [pid, status] = wait_for_folder();
    const auto done = running.extract(pid);
    if (done.empty()) continue;
    rows.push_back(row_of(options, done.mapped(), status));
    std::cerr << texts.say("batch.line", {{"name", rows.back().name},
                                          {"state", texts.say("batch." + rows.back().state)},
                                          {"points", number(rows.back().points)},
                                          {"possible", number(rows.back().possible)}})
              << "\n"
              << std::flush;
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  tools::write_file((options.results / "table.csv").string(), csv_table(rows, texts));
  tools::write_file((options.results / "table.html").string(), html_table(rows, texts));
  return rows;
}

}  // namespace check
