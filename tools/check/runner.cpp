// Runs checks, each in a process of its own.
#include "runner.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <map>

#include <jalon/socket.hpp>

#include "diagnosis.hpp"
#include "network.hpp"
#include "process_view.hpp"

namespace check {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::uint16_t free_port() { return jalon::listener(jalon::endpoint::loopback(0)).local().port(); }

// What a check gets: its own network if it can be had, else a port that is free.
settings placed(settings with) {
  if (!with.host.empty()) return with;
  const auto burnt_in = with.dialect.port();
  if (enter_own_network())
    with.program.port = burnt_in.value_or(8080);
  else
    with.program.port = burnt_in ? *burnt_in : free_port();
  return with;
}

void lacks(const check_case& one, const settings& with) {
  for (const auto& request : one.needs) {
    if (!with.dialect.knows(request))
      throw cannot_judge{{"why.no_request", {{"request", request}}}};
  }
}

// poll(2) refuses a table that is larger than the limit of descriptors: no fault of the program's.
void open(stage& s, const settings& usual, const settings& own) {
  try {
    s.open();
  } catch (const failure&) {
    if (own.program.descriptors < usual.program.descriptors)
      throw cannot_judge{{"why.descriptors"}};
    throw;
  }
}

void write_all(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto written = ::write(fd, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

// A process that does one thing, writes what came of it, and ends with all it has started.
struct worker {
  pid_t pid = -1;
  jalon::unique_fd output;
  std::string text;
  steady_clock::time_point end;
};

worker start_worker(const std::function<std::string()>& work, std::chrono::seconds bound) {
  int fds[2];
  jalon::check_call(::pipe2(fds, O_CLOEXEC), "pipe2");
  worker one{-1, jalon::unique_fd{fds[0]}, {}, steady_clock::now() + bound};
  const jalon::unique_fd write{fds[1]};
  one.pid = jalon::check_call(::fork(), "fork");
  if (one.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_IGN);  // a program that has ended reads nothing more
    write_all(write.get(), work());
    ::_exit(0);
  }
  return one;
}

void end_worker(worker& one) {
  // First the worker, so that it starts nothing more; then what it has left, which is ours by now.
  const auto family = family_of(one.pid);
  ::kill(one.pid, SIGKILL);
  for (const pid_t pid : family) ::kill(pid, SIGKILL);
  ::waitpid(one.pid, nullptr, 0);
  for (const pid_t pid : family) {
    if (pid != one.pid) ::waitpid(pid, nullptr, WNOHANG);
  }
}

// Reads what has come. @return whether the worker is done
bool is_done(worker& one) {
  char bytes[65536];
  const auto got = ::read(one.output.get(), bytes, sizeof bytes);
  if (got > 0) one.text.append(bytes, static_cast<std::size_t>(got));
  return got <= 0;
}

// Waits until one of @p workers is done or out of time. @return its place
std::size_t await_one(std::vector<worker>& workers) {
  for (;;) {
    std::vector<pollfd> wanted;
    wanted.reserve(workers.size());
    for (const auto& one : workers) wanted.push_back({one.output.get(), POLLIN, 0});
    ::poll(wanted.data(), wanted.size(), 100);
    for (std::size_t n = 0; n < workers.size(); ++n) {
      if (wanted[n].revents != 0 && is_done(workers[n])) return n;
      if (steady_clock::now() >= workers[n].end) return n;
    }
  }
}

result out_of_time(const check_case& one) {
  result overdue{one.id, outcome::failed, {"due.in_time"}, {"came.not_in_time"}};
  overdue.cause = {"out_of_time"};
  return overdue;
}

// In a process of its own.
result play_apart(const check_case& one, const settings& with, std::chrono::seconds bound) {
  std::vector<worker> workers;
  workers.push_back(
      start_worker([&] { return to_json(play(one, placed(with), 1)).dump(); }, bound));
  await_one(workers);
  end_worker(workers.front());
  const auto data = nlohmann::json::parse(workers.front().text, nullptr, false);
  return data.is_object() ? from_json(data) : out_of_time(one);
}

// It never listened, or never connected.
bool starts_in_vain(const result& met) {
  return met.due.id == "due.listens" || met.due.id == "due.calls";
}

// The next program has a port of its own: the last one's may not be free at once.
settings smaller(settings with, const check_case& one, std::size_t n) {
  with.size = one.smaller[n];
  const bool is_chosen_here = with.host.empty() && !with.dialect.port();
  if (is_chosen_here) with.program.port = static_cast<std::uint16_t>(with.program.port + n + 1);
  return with;
}

bool fails_alike(const result& one, const result& other) {
  return other.came_out == outcome::failed && one.due.id == other.due.id &&
         one.cause.id == other.cause.id && one.seen.ended == other.seen.ended;
}

// Plays it; where it fails, the least input that fails alike tells most. What is known by then is
// not put at risk: it looks on only while there is time for one more that takes twice as long.
result play_to_the_least(const check_case& one, const settings& with, std::uint64_t seed,
                         milliseconds bound) {
  result whole = play(one, with, seed);
  if (whole.came_out != outcome::failed) return whole;
  milliseconds left = bound - whole.took;
  for (std::size_t n = 0; n < one.smaller.size() && left > 2 * whole.took; ++n) {
    result less = play(one, smaller(with, one, n), seed);
    if (fails_alike(whole, less)) return less;
    left -= less.took;
  }
  return whole;
}

bool is_worse(const result& one, const result& other) {
  return one.came_out == outcome::failed && other.came_out != outcome::failed;
}

}  // namespace

result play(const check_case& one, const settings& with, std::uint64_t seed) {
  result played{one.id};
  const auto began = steady_clock::now();
  settings own = with;
  if (own.client) own.program.standard = standard_files::pipes;
  if (one.prepare != nullptr) one.prepare(own.program);
  stage s(own, seed);
  if (own.size != 0) s.note("note.smallest", {{"size", std::to_string(own.size)}});
  try {
    lacks(one, own);
    open(s, with, own);
    one.play(s);
    s.program_lives();
  } catch (const failure& wrong) {
    played.came_out = outcome::failed;
    played.due = wrong.due;
    played.came = wrong.came;
    played.who = wrong.who;
    played.event = wrong.event;
    played.offset = wrong.offset;
    played.seen = s.gather();
    if (played.seen.ended && played.came.id == "came.nothing") played.came.id = "came.dead";
  } catch (const cannot_judge& unknown) {
    played.came_out = outcome::not_judged;
    played.due = unknown.why;
  } catch (const std::exception& own_fault) {  // no descriptor is left here, say
    played.came_out = outcome::not_judged;
    played.due = {"why.checker", {{"reason", own_fault.what()}}};
  }
  played.story = s.story().events();
  if (played.came_out == outcome::failed) played.cause = likely_cause(played.seen, played);
  played.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  return played;
}

void get_to_know(settings& with, std::chrono::seconds bound) {
  static const check_case server{"ping", 1, "", [](stage& s) { s.somebody("alice"); }};
  static const check_case client{"ping", 1, "", [](stage& s) { s.server(); }};
  result met;
  for (const char* const request : {"echo", "msg", "who"}) {
    if (!with.client && !with.dialect.knows(request)) continue;
    settings trying = with;
    trying.ping = request;
    met = play_apart(with.client ? client : server, trying, bound);
    if (met.came_out == outcome::passed) {
      with.ping = request;
      return;
    }
    if (starts_in_vain(met)) break;
  }
  if (starts_in_vain(met)) with.to_start = std::chrono::seconds(1);
}

std::vector<result> run_all(const run_options& options,
                            const std::function<void(const result&)>& tell) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  struct task {
    std::size_t place;
    std::uint64_t seed;
  };
  std::deque<task> waiting;
  for (std::size_t n = 0; n < options.cases.size(); ++n) {
    for (unsigned turn = 0; turn < options.repeat; ++turn)
      waiting.push_back({n, options.with.seed + turn});
  }
  std::vector<result> results(options.cases.size());
  std::vector<worker> workers;
  std::vector<std::size_t> places;
  // Against a server that runs already, checks would get in each other's way.
  const unsigned jobs = options.with.host.empty() ? options.jobs : 1;
  while (!waiting.empty() || !workers.empty()) {
    while (!waiting.empty() && workers.size() < jobs) {
      const task next = waiting.front();
      waiting.pop_front();
      const auto& one = *options.cases[next.place];
      workers.push_back(start_worker(
          [&] {
            const auto with = placed(options.with);
            return to_json(play_to_the_least(one, with, next.seed, options.bound)).dump();
          },
          options.bound));
      places.push_back(next.place);
    }
    const auto done = static_cast<std::ptrdiff_t>(await_one(workers));
    worker finished = std::move(workers[static_cast<std::size_t>(done)]);
    const std::size_t place = places[static_cast<std::size_t>(done)];
    workers.erase(workers.begin() + done);
    places.erase(places.begin() + done);
    end_worker(finished);
    const auto data = nlohmann::json::parse(finished.text, nullptr, false);
    result came = data.is_object() ? from_json(data) : out_of_time(*options.cases[place]);
    result& kept = results[place];
    came.runs = kept.check.empty() ? 1 : kept.runs + 1;
    came.failures =
        (kept.check.empty() ? 0 : kept.failures) + (came.came_out == outcome::failed ? 1U : 0U);
    if (kept.check.empty() || is_worse(came, kept)) {
      kept = std::move(came);
    } else {
      kept.runs = came.runs;
      kept.failures = came.failures;
    }
    if (kept.runs == options.repeat) tell(kept);
  }
  return results;
}

void name_causes_once(std::vector<result>& results) {
  std::map<std::string, std::string> first;
  for (auto& one : results) {
    if (one.came_out != outcome::failed) continue;
    const auto [known, is_new] = first.try_emplace(one.cause.id, one.check);
    if (!is_new) one.follows_from = known->second;
  }
  for (auto& one : results) {
    if (one.came_out != outcome::failed || !one.follows_from.empty()) continue;
    for (const auto& cause : causes_behind(one.cause.id)) {
      const auto known = first.find(cause);
      if (known == first.end()) continue;
      one.may_follow_from = known->second;
      break;
    }
  }
}

}  // namespace check
