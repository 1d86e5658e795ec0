// Grades a class: one process per folder builds the program and grades it.
#include "batch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

#include <jalon/error.hpp>

#include "common/exit_status.hpp"
#include "common/resources.hpp"
#include "common/text.hpp"
#include "folder.hpp"
#include "landlock.hpp"
#include "subject.hpp"

namespace check {

namespace {

namespace fs = std::filesystem;

// Exit statuses of a folder's process, in addition to those of jalon-check.
constexpr int not_built = 100;
constexpr int not_started = 101;

constexpr const char* build_seconds = "300";
constexpr rlim_t build_file_bytes = 1U << 30;
constexpr std::size_t kept_log_bytes = 1U << 20;

std::vector<std::string> folders_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::string name = entry.path().filename().string();
    if (entry.is_directory() && !name.starts_with('.')) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A folder that is graded.
struct team {
  std::string name;   // the folder's
  std::string files;  // of its report files, without the ending
};

std::vector<team> teams_in(const fs::path& directory) {
  const auto names = folders_in(directory);
  const auto files = report_files(names);
  std::vector<team> all;
  for (std::size_t n = 0; n < names.size(); ++n) all.push_back({names[n], files[n]});
  return all;
}

std::string result_of(const batch_options& options, const team& graded, const char* kind) {
  return (options.results / (graded.files + kind)).string();
}

// In the process of a build: its own folder and its own temporary files are all that it may change,
// so that it cannot change the program or the result of another team.
void confine_build(const std::string& folder, const std::string& temporary,
                   const std::string& log) {
  for (const char* const name : {"TMPDIR", "XDG_CACHE_HOME"}) ::setenv(name, temporary.c_str(), 1);
  if (has_landlock() && !write_only_below({folder, temporary, log, "/dev/null", "/dev/zero",
                                           "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/pts"}))
    ::_exit(not_started);
}

// Runs the build command, in a folder's process. @return whether it succeeded in time
bool run_build(const std::string& line, const std::string& folder, const std::string& log) {
  const temporary_folder temporary;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const rlimit bound{build_file_bytes, build_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &bound);
    confine_build(folder, temporary.path(), log);
    ::execlp("timeout", "timeout", "--kill-after=1", build_seconds, "/bin/sh", "-c", line.c_str(),
             nullptr);
    ::_exit(not_started);
  }
  int status = 0;
  if (pid == -1 || ::waitpid(pid, &status, 0) != pid) return false;
  kill_descendants();  // the build may have left processes running
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

[[noreturn]] void grade_folder(const batch_options& options, const team& graded) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const fs::path folder = options.folders / graded.name;
  const std::string log = result_of(options, graded, ".log");
  // A new file: the old one may be a link to somewhere else.
  ::unlink(log.c_str());
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (output == -1 || ::chdir(folder.c_str()) == -1) ::_exit(not_started);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (!options.build.empty() && !run_build(options.build, folder.string(), log)) ::_exit(not_built);
  const fs::path dialect = folder / "dialect.json";
  int status = not_started;
  try {
    status = options.grade(fs::exists(dialect) ? dialect.string() : "",
                           {"json=" + result_of(options, graded, ".json"),
                            "html=" + result_of(options, graded, ".html")});
  } catch (const std::exception& error) {
    std::cerr << "jalon-check: " << tools::shown(error.what()) << "\n";
  }
  std::cerr << std::flush;
  ::_exit(status);
}

batch_row row_of(const batch_options& options, const team& graded, int status) {
  batch_row row;
  row.name = graded.name;
  row.files = graded.files;
  row.state = status == not_built ? "not_built" : "not_run";
  if (status > tools::some_failed) return row;
  const auto report = nlohmann::json::parse(tools::read_file(result_of(options, graded, ".json")));
  row.state = "graded";
  row.is_isolated = report.at("not_isolated").get<std::string>().empty();
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

// Replaces the log, which has the words of a team's build in it, by what may be shown; of a long
// log by its beginning.
void make_log_harmless(const std::string& path) {
  std::string log(kept_log_bytes, '\0');
  {
    std::ifstream in(path, std::ios::binary);
    in.read(log.data(), static_cast<std::streamsize>(log.size()));
    log.resize(static_cast<std::size_t>(in.gcount()));
    if (in.peek() != std::ifstream::traits_type::eof()) log += "\n... (the rest is left out)\n";
  }
  tools::write_file(path, tools::shown(log));
}

std::string progress_of(const batch_row& row, const catalogue& texts) {
  const auto points = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return std::string(text);
  };
  return texts.say("batch.line", {{"name", tools::visible(row.name)},
                                  {"state", state_text(row, texts)},
                                  {"points", points(row.points)},
                                  {"possible", points(row.possible)}}) +
         "\n";
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
  const auto teams = teams_in(options.folders);
  if (teams.empty()) throw std::runtime_error("no folder is in " + options.folders.string());
  fs::create_directories(options.results);
  if (!options.build.empty() && !has_landlock())
    std::cerr << texts.say("batch.no_landlock") << "\n";
  std::map<pid_t, team> running;
  std::vector<batch_row> rows;
  auto next = teams.begin();
  while (next != teams.end() || !running.empty()) {
    if (next != teams.end() && running.size() < options.side_by_side) {
      const pid_t pid = jalon::check_call(::fork(), "fork");
      if (pid == 0) grade_folder(options, *next);
      running.emplace(pid, *next++);
      continue;
    }
    const auto [pid, status] = wait_for_folder();
    const auto done = running.extract(pid);
    if (done.empty()) continue;
    make_log_harmless(result_of(options, done.mapped(), ".log"));
    rows.push_back(row_of(options, done.mapped(), status));
    std::cerr << progress_of(rows.back(), texts) << std::flush;
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  tools::write_file((options.results / "table.csv").string(), csv_table(rows, texts));
  tools::write_file((options.results / "table.html").string(), html_table(rows, texts));
  return rows;
}

}  // namespace check
