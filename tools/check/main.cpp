// jalon-check: grades a server or a client, however it is written.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>

#include <CLI/CLI.hpp>

#include "batch.hpp"
#include "common/exit_status.hpp"
#include "common/resources.hpp"
#include "probe.hpp"
#include "report.hpp"
#include "runner.hpp"

namespace {

using namespace check;

using tools::all_passed;
using tools::could_not_run;
using tools::some_failed;

struct command_line {
  int milestone = 4;
  std::string dialect;
  std::string rubric;
  std::vector<std::string> reports;
  std::vector<std::string> only;
  bool client = false;
  bool list = false;
  std::uint64_t seed = 1;
  unsigned repeat = 1;
  unsigned jobs = 2;
  double timeout = 3;
  std::string host;
  std::uint16_t port = 0;
  std::vector<std::string> command;
  std::string output = "-";
  std::string batch;
  std::string build;
  std::string results = "results";
  unsigned side_by_side = 4;
};

void describe(CLI::App& app, command_line& said) {
  app.add_option("-m,--milestone", said.milestone, "grade milestones 1 to this one")
      ->check(CLI::Range(1, 4));
  app.add_flag("--client", said.client,
               "the program is a client: {host} and {port} stand in its command");
  app.add_option("--dialect", said.dialect,
                 "how the program speaks: lines (milestone 1), jsonl, struct, or a file");
  app.add_option("--report", said.reports,
                 "text, json, junit, gradescope or html; KIND=FILE writes to a file")
      ->delimiter(',');
  app.add_option("--rubric", said.rubric, "the weights of the checks, a JSON file");
  app.add_option("--only", said.only, "only the checks whose id begins with this")->delimiter(',');
  app.add_flag("--list", said.list, "list the checks and play none");
  app.add_option("--seed", said.seed, "of the random words and choices");
  app.add_option("--repeat", said.repeat, "play each check so often; the worst counts")
      ->check(CLI::Range(1, 1000));
  app.add_option("--jobs", said.jobs, "checks at the same time")->check(CLI::Range(1, 64));
  app.add_option("--timeout", said.timeout, "seconds that an answer may take")
      ->check(CLI::Range(0.1, 600.0));
  app.add_option("--host", said.host, "check a server that runs already, at this address");
  app.add_option("--port", said.port, "and at this port");
  app.add_option("--batch", said.batch, "grade the program in each folder of this one");
  app.add_option("--build", said.build, "with --batch: a shell's line that builds it");
  app.add_option("--results", said.results, "with --batch: where the table and the reports go");
  app.add_option("--side-by-side", said.side_by_side, "with --batch: folders at the same time")
      ->check(CLI::Range(1, 64));
  app.footer("The program's command stands behind --; {port} in it stands for the port.");
}

// `jalon-check probe -- CMD`: writes a dialect file.
CLI::App* describe_probe(CLI::App& app, command_line& said) {
  CLI::App* const probe =
      app.add_subcommand("probe", "find out how a program speaks, and write a dialect file");
  probe->add_option("--dialect", said.dialect, "to start from; struct if not said");
  probe->add_option("--output", said.output, "the file to write; standard output if not said");
  return probe;
}

int run_probe(const command_line& said) {
  if (said.command.empty()) throw std::runtime_error("say how to start the server, behind --");
  run_options options;
  options.with.program.command = said.command;
  options.with.patience = std::chrono::milliseconds(700);
  const auto found = probe(options, said.dialect.empty() ? "struct" : said.dialect);
  tools::write_file(said.output, found.dialect.dump(2) + "\n");
  const catalogue texts;
  std::cerr << texts.say("probe.found", {{"working", std::to_string(found.working)},
                                         {"of", std::to_string(found.of)}})
            << "\n";
  return found.working == found.of ? all_passed : some_failed;
}

bool is_chosen(const check_case& one, const command_line& said, const tools::dialect& speech) {
  if (milestone_of(one, speech) > said.milestone) return false;
  if (said.only.empty()) return true;
  return std::any_of(said.only.begin(), said.only.end(),
                     [&](const std::string& prefix) { return one.id.starts_with(prefix); });
}

std::vector<const check_case*> chosen(const command_line& said, const tools::dialect& speech) {
  std::vector<const check_case*> cases;
  for (const auto& one : said.client ? all_client_checks() : all_checks()) {
    if (is_chosen(one, said, speech)) cases.push_back(&one);
  }
  return cases;
}

void list(const std::vector<const check_case*>& cases, const tools::dialect& speech,
          const catalogue& texts) {
  for (const auto* one : cases) {
    std::string id = one->id;
    id.resize(28, ' ');
    std::string number = one->requirement.empty() ? "-" : one->requirement;
    number.resize(5, ' ');
    std::cout << milestone_of(*one, speech) << "  " << number << id << texts.say("check." + one->id)
              << "\n";
  }
}

run_options options_of(const command_line& said) {
  run_options options;
  const std::string name = !said.dialect.empty() ? said.dialect
                           : said.milestone == 1 ? "lines"
                                                 : "jsonl";
  options.with.dialect = tools::dialect::load(name);
  options.with.program.command = said.command;
  options.with.client = said.client;
  options.with.host = said.host;
  options.with.program.port = said.port;
  options.with.seed = said.seed;
  options.with.patience = std::chrono::milliseconds(static_cast<long>(said.timeout * 1000));
  options.repeat = said.repeat;
  options.jobs = said.jobs;
  options.cases = chosen(said, options.with.dialect);
  options.bound = std::chrono::seconds(static_cast<long>(said.timeout * 10) + 15);
  return options;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Writes each report to where it is wanted: `html=FILE`, or standard output.
void write_reports(const command_line& said, const run_report& run) {
  const auto wanted = said.reports.empty() ? std::vector<std::string>{"text"} : said.reports;
  for (const auto& report : wanted) {
    const auto equals = report.find('=');
    const std::string to = equals == report.npos ? "-" : report.substr(equals + 1);
    tools::write_file(to, write_report(report.substr(0, equals), run));
  }
}

void require_kinds(const command_line& said) {
  for (const auto& report : said.reports) {
    const auto& kinds = report_kinds();
    const auto kind = report.substr(0, report.find('='));
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      throw std::runtime_error("there is no report \"" + kind + "\"");
  }
}

int run(const command_line& said) {
  const catalogue texts(said.client ? "client" : "");
  run_options options = options_of(said);
  if (options.cases.empty()) throw std::runtime_error("no check is called so");
  if (said.list) {
    list(options.cases, options.with.dialect, texts);
    return all_passed;
  }
  if (said.command.empty() == said.host.empty())
    throw std::runtime_error(
        "say how to start the program, behind --, or where a server runs, by --host and --port");
  if (said.client && !said.host.empty())
    throw std::runtime_error("a client is always started here");
  require_kinds(said);
  const rubric weights(said.rubric);
  get_to_know(options.with, options.bound);
  auto results = run_all(
      options, [&](const result& one) { std::cerr << progress_line(one, texts) << std::flush; });
  name_causes_once(results);
  const std::string subject = said.command.empty() ? said.host : joined(said.command);
  write_reports(said, {results, texts, weights, options.with.dialect, subject});
  const score sum = count(results, weights);
  if (sum.passed + sum.failed == 0) return could_not_run;
  return sum.failed == 0 ? all_passed : some_failed;
}

// A file that is named from here is named from the root: each folder is graded from within.
void name_from_root(std::string& name) {
  if (std::filesystem::exists(name)) name = std::filesystem::absolute(name).string();
}

int run_class(const command_line& said) {
  if (said.command.empty()) throw std::runtime_error("say how to start the server, behind --");
  command_line each = said;
  name_from_root(each.dialect);
  name_from_root(each.rubric);
  const auto grade = [&](const std::string& dialect, const std::vector<std::string>& reports) {
    if (!dialect.empty()) each.dialect = dialect;
    each.reports = reports;
    return run(each);
  };
  const auto rows = run_batch({.folders = said.batch,
                               .results = said.results,
                               .build = said.build,
                               .side_by_side = said.side_by_side,
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
  command_line said;
  describe(app, said);
  const auto* const probe = describe_probe(app, said);
  try {
    // All behind the first -- is the server's, its options too.
    char** const end = std::find(argv, argv + argc, std::string_view("--"));
    if (end != argv + argc) said.command.assign(end + 1, argv + argc);
    app.parse(static_cast<int>(end - argv), argv);
    if (probe->parsed()) return run_probe(said);
    return said.batch.empty() ? run(said) : run_class(said);
  } catch (const CLI::Success& wish) {
    return app.exit(wish);
  } catch (const std::exception& error) {
    std::cerr << "jalon-check: " << error.what() << "\n";
    return could_not_run;
  }
}
