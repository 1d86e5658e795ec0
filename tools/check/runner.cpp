// Runs checks, each in its own process.
#include "runner.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <exception>

#include <jalon/socket.hpp>

#include "diagnosis.hpp"
#include "folder.hpp"
#include "isolation.hpp"
#include "network.hpp"
#include "process_view.hpp"

namespace check {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::uint16_t free_port() { return jalon::listener(jalon::endpoint::loopback(0)).local().port(); }

void require_requests(const check_case& check, const stage_options& options) {
  for (const auto& request : check.needs) {
    if (!options.dialect.knows(request))
      throw cannot_judge{{"why.no_request", {{"request", request}}}};
  }
}

void write_all(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto written = ::write(fd, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

// A process that does one piece of work and writes the result to a pipe.
struct worker {
  pid_t pid = -1;
  jalon::unique_fd output;
  std::string secret;  // what the output begins with; the program can't know it
  std::string text;
  steady_clock::time_point end;
};

std::string new_secret() {
  std::string secret(32, '\0');
  const auto got = ::getrandom(secret.data(), secret.size(), 0);
  if (got != static_cast<ssize_t>(secret.size())) jalon::throw_system_error(errno, "getrandom");
  return secret;
}

// The result, if it was written by this worker; else nothing.
std::string genuine(const worker& child) {
  if (!child.text.starts_with(child.secret)) return {};
  return child.text.substr(child.secret.size());
}

worker start_worker(const std::function<std::string()>& work, std::chrono::seconds bound) {
  int fds[2];
  jalon::check_call(::pipe2(fds, O_CLOEXEC), "pipe2");
  worker child{-1, jalon::unique_fd{fds[0]}, new_secret(), {}, steady_clock::now() + bound};
  const jalon::unique_fd write{fds[1]};
  child.pid = jalon::check_call(::fork(), "fork");
  if (child.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_IGN);  // writing to a program that has ended fails with EPIPE
    hide_process(true);
    write_all(write.get(), child.secret + work());
    ::_exit(0);
  }
  return child;
}

void stop_worker(worker& child) {
  // Kill the worker first, so that it cannot fork. Its orphans have then become our children.
  const auto tree = process_tree(child.pid);
  ::kill(child.pid, SIGKILL);
  for (const pid_t pid : tree) ::kill(pid, SIGKILL);
  ::waitpid(child.pid, nullptr, 0);
  for (const pid_t pid : tree) {
    if (pid != child.pid) ::waitpid(pid, nullptr, WNOHANG);
  }
}

// Reads a part of the worker's output. @return whether the worker is done
bool has_finished(worker& child) {
  char bytes[65536];
  const auto got = ::read(child.output.get(), bytes, sizeof bytes);
  if (got > 0) child.text.append(bytes, static_cast<std::size_t>(got));
  return got <= 0;
}

// Waits until a worker is done or out of time. @return its index
std::size_t wait_for_worker(std::vector<worker>& workers) {
  for (;;) {
    std::vector<pollfd> polled;
    polled.reserve(workers.size());
    for (const auto& child : workers) polled.push_back({child.output.get(), POLLIN, 0});
    ::poll(polled.data(), polled.size(), 100);
    for (std::size_t n = 0; n < workers.size(); ++n) {
      if (polled[n].revents != 0 && has_finished(workers[n])) return n;
      if (steady_clock::now() >= workers[n].end) return n;
    }
  }
}

check_result out_of_time(const check_case& check) {
  check_result overdue{check.id, outcome::failed, {"due.in_time"}, {"came.not_in_time"}};
  overdue.cause = {"out_of_time"};
  return overdue;
}

// A result that is not this worker's, or not of this check, does not count.
check_result result_of(const worker& child, const check_case& check) {
  const auto data = nlohmann::json::parse(genuine(child), nullptr, false);
  if (!data.is_object() || data.value("check", "") != check.id) return out_of_time(check);
  return from_json(data);
}

// Runs a check in its own process.
check_result run_isolated(const check_case& check, const stage_options& options,
                          std::chrono::seconds bound) {
  std::vector<worker> workers;
  workers.push_back(
      start_worker([&] { return to_json(run_check(check, isolated(options), 1)).dump(); }, bound));
  wait_for_worker(workers);
  stop_worker(workers.front());
  return result_of(workers.front(), check);
}

// Whether the program never listened, or never connected.
bool never_started(const check_result& trial) {
  return trial.expected.id == "due.listens" || trial.expected.id == "due.calls";
}

// Each run of the program uses another port: the last one may still be in TIME_WAIT.
stage_options with_smaller_input(stage_options options, const check_case& check, std::size_t n) {
  options.size = check.smaller[n];
  const bool is_chosen_here = options.host.empty() && !options.dialect.port();
  if (is_chosen_here)
    options.program.port = static_cast<std::uint16_t>(options.program.port + n + 1);
  return options;
}

bool fails_the_same(const check_result& result, const check_result& other) {
  return other.outcome == outcome::failed && result.expected.id == other.expected.id &&
         result.cause.id == other.cause.id && result.seen.ended == other.seen.ended;
}

// Runs a check. If it fails, searches the smallest input that fails for the same cause, because
// that explains most. The search stops while there is still time for a run twice as long as the
// first, so that the first result is not lost to the time limit.
check_result run_with_least_input(const check_case& check, const stage_options& options,
                                  std::uint64_t seed, milliseconds bound) {
  check_result full_run = run_check(check, options, seed);
  if (full_run.outcome != outcome::failed) return full_run;
  milliseconds left = bound - full_run.took;
  for (std::size_t n = 0; n < check.smaller.size() && left > 2 * full_run.took; ++n) {
    check_result reduced_run = run_check(check, with_smaller_input(options, check, n), seed);
    if (fails_the_same(full_run, reduced_run)) return reduced_run;
    left -= reduced_run.took;
  }
  return full_run;
}

bool is_worse(const check_result& result, const check_result& other) {
  return result.outcome == outcome::failed && other.outcome != outcome::failed;
}

}  // namespace

stage_options isolated(stage_options options) {
  if (!options.host.empty()) return options;
  const auto fixed_port = options.dialect.port();
  if (enter_own_network())
    options.program.port = fixed_port.value_or(8080);
  else
    options.program.port = fixed_port ? *fixed_port : free_port();
  return options;
}

check_result run_check(const check_case& check, const stage_options& options, std::uint64_t seed) {
  check_result result{check.id};
  const auto began = steady_clock::now();
  stage_options own = options;
  if (own.client) own.program.standard = standard_files::pipes;
  if (check.prepare != nullptr) check.prepare(own);
  stage s(own, seed);
  if (own.size != 0) s.note("note.smallest", {{"size", std::to_string(own.size)}});
  try {
    require_requests(check, own);
    s.open();
    check.run(s);
    s.program_still_runs();
    s.program_is_sound();
  } catch (const failure& wrong) {
    result.outcome = outcome::failed;
    result.expected = wrong.expected;
    result.actual = wrong.actual;
    result.who = wrong.who;
    result.event = wrong.event;
    result.offset = wrong.offset;
    result.seen = s.gather_evidence();
    if (result.seen.ended && result.actual.id == "came.nothing") result.actual.id = "came.dead";
  } catch (const cannot_judge& unknown) {
    result.outcome = outcome::not_judged;
    result.expected = unknown.why;
  } catch (const tools::template_error& error) {
    result.outcome = outcome::not_judged;
    result.expected = {"why.dialect", {{"reason", error.what()}}};
  } catch (const nlohmann::json::exception& error) {  // a field of the dialect has another type
    result.outcome = outcome::not_judged;
    result.expected = {"why.dialect", {{"reason", error.what()}}};
  } catch (const std::exception& error) {  // of the checker, such as too few descriptors
    result.outcome = outcome::not_judged;
    result.expected = {"why.checker", {{"reason", error.what()}}};
  }
  result.story = s.story().events();
  if (result.outcome == outcome::failed) {
    result.cause = likely_cause(result.seen, result);
    result.other_cause = other_cause(result.seen, result);
  }
  result.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  return result;
}

namespace {

bool passes(const check_case& trial, const stage_options& options, const run_options& run) {
  return run_isolated(trial, options, run.bound).outcome == outcome::passed;
}

// The time between the last request and the first bytes of its answer.
milliseconds latency_in(const check_result& trial) {
  std::chrono::microseconds asked{0}, took{0};
  for (const auto& event : trial.story) {
    if (event.kind == tools::wire_kind::sent) asked = event.at;
    if (event.kind == tools::wire_kind::received && asked.count() != 0) took = event.at - asked;
  }
  return std::chrono::duration_cast<milliseconds>(took);
}

// What the program needs for one answer decides how long it is waited for.
void allow_for(run_options& options, milliseconds latency) {
  constexpr milliseconds slow{100};
  constexpr unsigned jobs_for_slow = 8;  // which sleep most of the time
  auto& stage = options.stage;
  stage.latency = latency;
  stage.settling = std::max(slow, 4 * latency);
  stage.patience = std::max(stage.patience, 8 * latency);
  if (latency < slow) return;
  options.jobs = std::max(options.jobs, jobs_for_slow);
  options.bound =
      std::max(options.bound, std::chrono::duration_cast<std::chrono::seconds>(200 * latency));
}

// Tries each request that may serve as a ping. @return the last trial
check_result find_ping(run_options& options, stage_options trying) {
  static const check_case sign_in{"ping", 1, "", [](stage& s) { s.sign_in("alice").is_served(); }};
  check_result trial;
  for (const char* const ping : {"echo", "msg", "whois", "who", "any"}) {
    const bool any = std::string_view(ping) == "any";
    if (!any && !trying.dialect.knows(ping)) continue;
    trying.ping = ping;
    trial = run_isolated(sign_in, trying, options.bound);
    if (trial.outcome == outcome::passed) {
      options.stage.ping = ping;
      options.stage.opening = trying.opening;
      allow_for(options, latency_in(trial));
    }
    if (trial.outcome == outcome::passed || never_started(trial)) break;
    trying.patience = std::min(trying.patience, milliseconds(2000));
  }
  return trial;
}

check_result find_manners(run_options& options) {
  check_result trial = find_ping(options, options.stage);
  if (trial.outcome == outcome::passed || never_started(trial)) return trial;
  stage_options trying = options.stage;
  trying.opening = "\n";
  trying.patience = std::min(trying.patience, milliseconds(1000));
  find_ping(options, trying);
  return trial;
}

// Whether a channel's creator can't be heard in it before they have joined it, and can then.
bool creator_has_to_join(const run_options& options) {
  const auto& dialect = options.stage.dialect;
  const bool channels = dialect.knows("create") && dialect.knows("join") && dialect.knows("say");
  const bool asked_for =
      std::any_of(options.cases.begin(), options.cases.end(),
                  [](const check_case* check) { return check->id.starts_with("channels."); });
  if (!channels || !asked_for) return false;
  static const check_case trial{"creator", 3, "", hears_in_own_channel};
  stage_options trying = options.stage;
  if (passes(trial, trying, options)) return false;
  trying.creator_joins = true;
  return passes(trial, trying, options);
}

}  // namespace

void learn_habits(run_options& options) {
  static const check_case client{"ping", 1, "", [](stage& s) { s.server(); }};
  const auto trial = options.stage.client ? run_isolated(client, options.stage, options.bound)
                                          : find_manners(options);
  if (never_started(trial)) options.stage.start_timeout = std::chrono::seconds(1);
  const bool chats = !options.stage.client && trial.outcome == outcome::passed;
  options.stage.creator_joins = chats && creator_has_to_join(options);
}

std::string why_not_isolated(const stage_options& options, std::chrono::seconds bound) {
  if (!options.host.empty()) return {};
  std::vector<worker> workers;
  const auto ask = [&] {
    enter_own_network();
    const temporary_folder folder;
    return isolation(paths_of(options.program, folder.path())).gap();
  };
  workers.push_back(start_worker(ask, bound));
  wait_for_worker(workers);
  stop_worker(workers.front());
  return genuine(workers.front());
}

std::vector<check_result> run_all(const run_options& options,
                                  const std::function<void(const check_result&)>& on_result) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  remove_orphaned_folders();
  struct task {
    std::size_t index;
    std::uint64_t seed;
  };
  std::deque<task> waiting;
  for (std::size_t n = 0; n < options.cases.size(); ++n) {
    for (unsigned turn = 0; turn < options.repeat; ++turn)
      waiting.push_back({n, options.stage.seed + turn});
  }
  std::vector<check_result> results(options.cases.size());
  std::vector<worker> workers;
  std::vector<std::size_t> indices;
  // Parallel checks of the same running server would disturb each other.
  const unsigned jobs = options.stage.host.empty() ? options.jobs : 1;
  while (!waiting.empty() || !workers.empty()) {
    while (!waiting.empty() && workers.size() < jobs) {
      const task next = waiting.front();
      waiting.pop_front();
      const auto& check = *options.cases[next.index];
      workers.push_back(start_worker(
          [&] {
            const auto isolated_options = isolated(options.stage);
            auto result = run_with_least_input(check, isolated_options, next.seed, options.bound);
            if (result.outcome == outcome::passed) result.story.clear();  // nobody reads it
            return to_json(result).dump();
          },
          options.bound));
      indices.push_back(next.index);
    }
    const auto done = static_cast<std::ptrdiff_t>(wait_for_worker(workers));
    worker finished = std::move(workers[static_cast<std::size_t>(done)]);
    const std::size_t index = indices[static_cast<std::size_t>(done)];
    workers.erase(workers.begin() + done);
    indices.erase(indices.begin() + done);
    stop_worker(finished);
    check_result result = result_of(finished, *options.cases[index]);
    check_result& kept = results[index];
    result.runs = kept.check.empty() ? 1 : kept.runs + 1;
    result.failures =
        (kept.check.empty() ? 0 : kept.failures) + (result.outcome == outcome::failed ? 1U : 0U);
    if (kept.check.empty() || is_worse(result, kept)) {
      kept = std::move(result);
    } else {
      kept.runs = result.runs;
      kept.failures = result.failures;
    }
    if (kept.runs == options.repeat) on_result(kept);
  }
  remove_orphaned_folders();  // of workers that were killed
  return results;
}

}  // namespace check
