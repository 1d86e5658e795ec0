// jalon-check: grades a server or a client written in any language.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>

#include <CLI/CLI.hpp>

#include "batch.hpp"
#include "common/exit_status.hpp"
#include "common/resources.hpp"
#include "course.hpp"
#include "diagnosis.hpp"
#include "explanation.hpp"
#include "isolation.hpp"
#include "probe.hpp"
#include "report.hpp"
#include "runner.hpp"
#include "watch.hpp"

namespace {

using namespace check;

using tools::all_passed;
using tools::could_not_run;
using tools::some_failed;

struct command_line {
  int milestone = 4;
  std::string dialect;
  std::string course;
  std::string rubric;
  std::vector<std::string> reports;
  std::vector<std::string> only;
  bool client = false;
  bool list = false;
  bool all = false;
  bool watch = false;
  std::string explain;
  std::uint64_t seed = 1;
  unsigned repeat = 1;
  unsigned jobs = 2;
  double timeout = 3;
  std::string host;
  std::uint16_t port = 0;
  std::vector<std::string> command;
  std::string output = "-";
  unsigned limit = 50;
  std::string batch;
  std::string build;
  std::string results = "results";
  unsigned side_by_side = 4;
};

void describe(CLI::App& app, command_line& args) {
  app.add_option("-m,--milestone", args.milestone, "grade milestones 1 to this one")
      ->check(CLI::Range(1, 4));
  app.add_flag("--client", args.client,
               "the program is a client: {host} and {port} stand in its command");
  app.add_option("--dialect", args.dialect,
                 "how the program speaks: lines (milestone 1), jsonl, struct, or a file");
  app.add_option("--course", args.course,
                 "the course's dialect: what --dialect leaves out of it counts as failed");
  app.add_option("--report", args.reports,
                 "text, json, junit, gradescope or html; KIND=FILE writes to a file")
      ->delimiter(',');
  app.add_option("--rubric", args.rubric, "the weights of the checks, a JSON file");
  app.add_option("--only", args.only, "only the checks whose id begins with this")->delimiter(',');
  app.add_flag("--list", args.list, "list the checks and run none");
  app.add_flag("--all", args.all, "in the terminal, show all causes and not only the first three");
  app.add_flag("--watch", args.watch, "check again after each change of the program's file");
  app.add_option("--explain", args.explain, "print the page of a cause, and run nothing");
  app.add_option("--seed", args.seed, "of the random words and choices");
  app.add_option("--repeat", args.repeat, "run each check so many times; the worst result counts")
      ->check(CLI::Range(1, 1000));
  app.add_option("--jobs", args.jobs, "checks at the same time")->check(CLI::Range(1, 64));
  app.add_option("--timeout", args.timeout, "the longest wait for an answer, in seconds")
      ->check(CLI::Range(0.1, 600.0));
  app.add_option("--host", args.host, "check a server that runs already, at this address");
  app.add_option("--port", args.port, "and at this port");
  app.add_option("--batch", args.batch,
                 "grade the program in each folder of this one; --dialect is then the course's");
  app.add_option("--build", args.build, "with --batch: a shell's line that builds it");
  app.add_option("--results", args.results, "with --batch: where the table and the reports go");
  app.add_option("--side-by-side", args.side_by_side, "with --batch: folders at the same time")
      ->check(CLI::Range(1, 64));
  app.footer("The program's command stands behind --; {port} in it stands for the port.");
}

// `jalon-check probe -- CMD` writes a dialect file.
CLI::App* describe_probe(CLI::App& app, command_line& args) {
  CLI::App* const probe =
      app.add_subcommand("probe", "find out how a program speaks, and write a dialect file");
  probe->add_option("--dialect", args.dialect, "to start from; struct if not said");
  probe->add_option("--output", args.output, "the file to write; standard output if not said");
  probe->add_option("--limit", args.limit, "the longest time of the search, in seconds")
      ->check(CLI::Range(1, 600));
  return probe;
}

// The content of the folder where the command was given. Says what is not copied of it.
folder_content content_of_this_folder(const catalogue& texts) {
  folder_content content = list_of_content(".");
  if (content.too_many) std::cerr << texts.say("folder.too_many") << "\n";
  if (content.linked.empty()) return content;
  const auto names = tools::shortened(tools::visible(tools::joined(content.linked, ", ")), 200);
  std::cerr << texts.say("folder.linked", {{"names", names}}) << "\n";
  return content;
}

int run_probe(const command_line& args) {
  if (args.command.empty()) throw std::runtime_error("say how to start the server, behind --");
  run_options options;
  const catalogue texts;
  options.stage.program.command = args.command;
  options.stage.program.files = content_of_this_folder(texts);
  options.stage.patience = std::chrono::milliseconds(700);
  const auto found = probe(options, args.dialect.empty() ? "struct" : args.dialect,
                           std::chrono::seconds(args.limit));
  tools::write_file(args.output, tools::json_text(found.dialect));
  const auto& search = found.search;
  std::cerr << texts.say("probe.tried", {{"layouts", std::to_string(search.layouts_tried)},
                                         {"found", tools::joined(search.found, " ")}})
            << "\n";
  if (!search.unknown.empty())
    std::cerr << texts.say("probe.unknown", {{"requests", tools::joined(search.unknown, " ")}})
              << "\n";
  std::cerr << texts.say("probe.found", {{"working", std::to_string(found.working)},
                                         {"of", std::to_string(found.total)}})
            << "\n";
  return found.working == found.total ? all_passed : some_failed;
}

bool is_selected(const check_case& check, const command_line& args, const tools::dialect& dialect) {
  if (milestone_of(check, dialect) > args.milestone) return false;
  if (args.only.empty()) return true;
  return std::any_of(args.only.begin(), args.only.end(),
                     [&](const std::string& prefix) { return check.id.starts_with(prefix); });
}

std::vector<const check_case*> selected_checks(const command_line& args,
                                               const tools::dialect& dialect) {
  std::vector<const check_case*> cases;
  for (const auto& check : args.client ? all_client_checks() : all_checks()) {
    if (is_selected(check, args, dialect)) cases.push_back(&check);
  }
  if (cases.empty()) throw std::runtime_error("no check is called so");
  return cases;
}

std::string list(const std::vector<const check_case*>& cases, const tools::dialect& dialect,
                 const catalogue& texts) {
  std::string lines;
  for (const auto* check : cases) {
    std::string id = check->id;
    id.resize(28, ' ');
    std::string number = check->requirement.empty() ? "-" : check->requirement;
    number.resize(5, ' ');
    lines += std::to_string(milestone_of(*check, dialect));
    lines.append("  ").append(number).append(id).append(texts.say("check." + check->id)) += '\n';
  }
  return lines;
}

std::string dialect_of(const command_line& args) {
  if (!args.dialect.empty()) return args.dialect;
  return args.milestone == 1 ? "lines" : "jsonl";
}

run_options options_of(const command_line& args) {
  run_options options;
  options.stage.dialect = tools::dialect::load(dialect_of(args));
  if (!args.course.empty())
    options.stage.dialect = within_course(options.stage.dialect, tools::dialect::load(args.course));
  options.stage.program.command = args.command;
  options.stage.client = args.client;
  options.stage.host = args.host;
  options.stage.program.port = args.port;
  options.stage.seed = args.seed;
  options.stage.patience = std::chrono::milliseconds(static_cast<long>(args.timeout * 1000));
  options.repeat = args.repeat;
  options.jobs = args.jobs;
  options.cases = selected_checks(args, options.stage.dialect);
  options.bound = std::chrono::seconds(static_cast<long>(args.timeout * 10) + 15);
  return options;
}

constexpr std::size_t causes_in_terminal = 3;

// Writes each report to its file, `html=FILE`, or to standard output.
void write_reports(const command_line& args, run_report run) {
  const auto wanted = args.reports.empty() ? std::vector<std::string>{"text"} : args.reports;
  for (const auto& report : wanted) {
    const auto equals = report.find('=');
    const std::string to = equals == report.npos ? "-" : report.substr(equals + 1);
    run.shown_causes = to == "-" && !args.all ? causes_in_terminal : all_causes_shown;
    tools::write_file(to, write_report(report.substr(0, equals), run));
  }
}

void require_kinds(const command_line& args) {
  for (const auto& report : args.reports) {
    const auto& kinds = report_kinds();
    const auto kind = report.substr(0, report.find('='));
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      throw std::runtime_error("there is no report \"" + kind + "\"");
  }
}

std::vector<check_result> judged(const command_line& args, const run_options& options,
                                 const rubric& weights, const catalogue& texts) {
  const auto& own = options.stage.dialect;
  const auto course = args.course.empty() ? own : tools::dialect::load(args.course);
  const auto judge = [&](check_result result) {
    if (!args.course.empty()) fail_if_left_out(result, own, course, weights);
    return result;
  };
  auto results = run_all(options, [&](const check_result& result) {
    std::cerr << tools::shown(progress_line(judge(result), texts)) << std::flush;
  });
  for (auto& result : results) result = judge(std::move(result));
  return results;
}

// Checks the program once, and writes the reports.
std::vector<check_result> check_once(const command_line& args) {
  const catalogue texts(args.client ? "client" : "");
  run_options options = options_of(args);
  if (args.command.empty() == args.host.empty())
    throw std::runtime_error(
        "say how to start the program, behind --, or where a server runs, by --host and --port");
  if (args.client && !args.host.empty())
    throw std::runtime_error("a client is always started here");
  require_kinds(args);
  const rubric weights(args.rubric);
  if (args.host.empty()) options.stage.program.files = content_of_this_folder(texts);
  const std::string gap = why_not_isolated(options.stage, options.bound);
  learn_habits(options);
  auto results = judged(args, options, weights, texts);
  link_repeated_causes(results);
  const std::string subject = args.command.empty() ? args.host : tools::joined(args.command, " ");
  write_reports(args, {results, texts, weights, options.stage.dialect, subject, gap});
  return results;
}

int print_list(const command_line& args) {
  const run_options options = options_of(args);
  const catalogue texts(args.client ? "client" : "");
  tools::write_file("-", list(options.cases, options.stage.dialect, texts));
  return all_passed;
}

// Does not return: Ctrl-C ends it.
int run_watching(const command_line& args) {
  const auto files = files_of(args.command);
  if (files.empty())
    throw std::runtime_error("--watch: no word of the command is a file; say ./my_server");
  const catalogue texts;
  std::vector<check_result> before;
  run_at_every_change(files, [&] {
    auto results = check_once(args);
    std::string text = before.empty() ? "" : "\n" + difference_text(before, results, texts);
    text += texts.say("watch.waits", {{"file", files.back().path}}) + "\n";
    tools::write_file("-", tools::shown(text));
    before = std::move(results);
  });
}

int run(const command_line& args) {
  if (!args.explain.empty()) {
    tools::write_file("-", explanation_of(args.explain));
    return all_passed;
  }
  if (args.list) return print_list(args);
  if (args.watch) return run_watching(args);
  const score sum = count(check_once(args), rubric(args.rubric));
  if (sum.passed + sum.failed == 0) return could_not_run;
  return sum.failed == 0 ? all_passed : some_failed;
}

// Makes the path of an existing file absolute: each folder is graded in its own directory.
void make_absolute(std::string& name) {
  if (std::filesystem::exists(name)) name = std::filesystem::absolute(name).string();
}

int run_batch_of_folders(const command_line& args) {
  if (args.command.empty()) throw std::runtime_error("say how to start the server, behind --");
  command_line folder_args = args;
  make_absolute(folder_args.dialect);
  make_absolute(folder_args.rubric);
  const auto grade = [&](const std::string& dialect, const std::vector<std::string>& reports) {
    if (!dialect.empty()) {
      folder_args.course = dialect_of(folder_args);
      folder_args.dialect = dialect;
    }
    folder_args.reports = reports;
    return run(folder_args);
  };
  const auto rows = run_batch({.folders = args.batch,
                               .results = args.results,
                               .build = args.build,
                               .side_by_side = args.side_by_side,
                               .grade = grade},
                              catalogue());
  const bool all = std::all_of(rows.begin(), rows.end(), [](const batch_row& row) {
    return row.state == "graded" && row.failed == 0;
  });
  return all ? all_passed : some_failed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Grades a server or a client, however it is written.\n\n"
      "  jalon-check --milestone 2 -- ./my_server {port}\n"
      "  jalon-check --milestone 2 --client -- ./my_client {host} {port}\n",
      "jalon-check");
  hide_process(true);
  command_line args;
  describe(app, args);
  const auto* const probe = describe_probe(app, args);
  try {
    // Everything after the first -- is the program's command, including its options.
    char** const end = std::find(argv, argv + argc, std::string_view("--"));
    if (end != argv + argc) args.command.assign(end + 1, argv + argc);
    app.parse(static_cast<int>(end - argv), argv);
    if (probe->parsed()) return run_probe(args);
    return args.batch.empty() ? run(args) : run_batch_of_folders(args);
  } catch (const CLI::Success& request) {
    return tools::status_after_output("jalon-check", app.exit(request));
  } catch (const std::exception& error) {
    std::cerr << "jalon-check: " << tools::shown(error.what()) << "\n";
    return could_not_run;
  }
}
