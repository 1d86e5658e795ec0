// The stage: program, users, time and story.
#include "stage.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include <jalon/connect.hpp>
#include <jalon/resolve.hpp>

#include "process_view.hpp"

namespace check {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {
constexpr milliseconds glance{2};  // between two looks at the program
constexpr milliseconds to_be_idle{400};
constexpr int idle_percent = 20;  // of a core; one that spins uses 100

bool holds_ended_socket(pid_t pid) {
  const auto sockets = tcp_sockets();
  const auto open = descriptors_of(pid);
  return std::any_of(open.begin(), open.end(), [&](const open_descriptor& one) {
    return one.socket_inode != 0 &&
           std::none_of(sockets.begin(), sockets.end(),
                        [&](const tcp_socket& socket) { return socket.inode == one.socket_inode; });
  });
}

}  // namespace

stage::stage(settings with, std::uint64_t seed) : with_(std::move(with)), seed_(seed) {}

void stage::open() {
  if (!starts_programs()) {
    port_ = with_.program.port;
    return;
  }
  if (with_.client) listener_.emplace(jalon::endpoint::loopback(with_.program.port));
  start();
}

void stage::start() {
  program_ = std::make_unique<subject>(with_.program);
  story_.add({}, tools::wire_kind::note, {}, "started");
  if (!with_.client) return await_listening();
  port_ = with_.program.port;
  const bool is_terminal = with_.program.standard == standard_files::terminal;
  server_ = nullptr;
  auto sits = std::make_unique<console>(*this, tools::server_speech(with_.dialect),
                                        program_->take_standard_files(), is_terminal);
  terminal_ = sits.get();
  peers_.push_back(std::move(sits));
}

void stage::restart() {
  if (!starts_programs()) throw cannot_judge{{"why.not_started_here"}};
  program_.reset();
  start();
}

void stage::await_listening() {
  until([&] { return program_->ended() || (port_ = program_->listening_port()) != 0; },
        with_.to_start);
  if (port_ == 0 || port_ != with_.program.port)
    throw failure{
        {"due.listens", {{"port", std::to_string(with_.program.port)}}},
        {port_ == 0 ? "came.not_listening" : "came.other_port", {{"port", std::to_string(port_)}}}};
  descriptors_before_ = descriptors();
  memory_before_ = memory();
}

jalon::stream_socket stage::connect(const std::string& name) {
  return connect(name, starts_programs() ? "127.0.0.1" : with_.host, port_);
}

jalon::stream_socket stage::connect(const std::string& name, const std::string& host,
                                    std::uint16_t port) {
  try {
    auto socket = jalon::connect(jalon::resolve(host, std::to_string(port)), with_.patience);
    socket.set_no_delay(true);
    return socket;
  } catch (const std::system_error& error) {
    throw failure{{"due.connects", {{"who", name}}},
                  {"came.no_connection", {{"reason", error.code().message()}}},
                  name};
  }
}

user& stage::guest(const std::string& name) {
  auto socket = connect(name);
  story_.add(name, tools::wire_kind::opened);
  const std::string nick = name.substr(0, 2) + word().substr(2);
  auto made = std::make_unique<user>(*this, name, nick, std::move(socket));
  user& one = *made;
  peers_.push_back(std::move(made));
  return one;
}

user& stage::somebody(const std::string& name) {
  user& one = guest(name);
  if (speech().knows("nick")) one.takes_nick(one.nick());
  one.is_served();
  return one;
}

std::vector<user*> stage::crowd(std::size_t number) {
  std::vector<user*> all;
  for (std::size_t n = 0; n < number; ++n) all.push_back(&somebody("user" + std::to_string(n + 1)));
  return all;
}

// ---- around a client ----

jalon::stream_socket stage::await_connection(jalon::listener& at, const said& due) {
  jalon::accept_result taken;
  const auto comes = [&] {
    if (taken.status != jalon::io_status::ok) taken = at.accept();
    return taken.status == jalon::io_status::ok;
  };
  if (!until(comes, with_.to_start)) throw failure{due, {"came.nothing"}};
  taken.socket.set_no_delay(true);
  return std::move(taken.socket);
}

host& stage::server() {
  if (server_ != nullptr) return *server_;
  auto socket =
      await_connection(*listener_, {"due.calls", {{"port", std::to_string(with_.program.port)}}});
  story_.add("server", tools::wire_kind::opened);
  auto made = std::make_unique<host>(*this, tools::server_speech(with_.dialect), std::move(socket));
  server_ = made.get();
  peers_.push_back(std::move(made));
  return *server_;
}

console& stage::terminal() { return *terminal_; }

peer& stage::caller(const std::string& name, std::uint16_t port) {
  auto socket = connect(name, "127.0.0.1", port);
  story_.add(name, tools::wire_kind::opened);
  peers_.push_back(std::make_unique<peer>(*this, name, channel(std::move(socket))));
  return *peers_.back();
}

std::uint16_t stage::opens_line() {
  line_.emplace(jalon::endpoint::loopback(0));
  return line_->local().port();
}

peer& stage::called(const std::string& name) {
  auto socket =
      await_connection(*line_, {"due.calls", {{"port", std::to_string(line_->local().port())}}});
  story_.add(name, tools::wire_kind::opened);
  peers_.push_back(std::make_unique<peer>(*this, name, channel(std::move(socket))));
  return *peers_.back();
}

void stage::program_may_end() {
  may_end_ = true;
  pass(milliseconds(50));  // time to die in
  const auto& end = program_->ended();
  if (end && (end->by_signal || !program_->stopped_because().empty()))
    throw failure{{"due.gives_up"}, {"came.dead"}};
}

void stage::program_ends(std::optional<int> due) {
  may_end_ = true;
  if (!until([&] { return program_->ended().has_value(); }))
    throw failure{{"due.ends"}, {"came.runs"}};
  const auto& end = *program_->ended();
  if (end.by_signal) throw failure{{"due.ends"}, {"came.dead"}};
  if (due && *due != end.number)
    throw failure{{"due.status", {{"status", std::to_string(*due)}}},
                  {"came.status", {{"status", std::to_string(end.number)}}}};
}

std::string stage::word() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
  std::string made;
  while (made.size() < 7) made += letters[random_() % letters.size()];
  return made;
}

void stage::note(const std::string& id, const tools::arguments& values) {
  std::string label = id;
  for (const auto& [name, value] : values)
    label.append("\n").append(name).append("=").append(value);
  story_.add({}, tools::wire_kind::note, {}, std::move(label));
}

bool stage::until(const std::function<bool()>& done, milliseconds limit) {
  const auto end = steady_clock::now() + limit;
  for (;;) {
    look();
    if (done()) return true;
    const bool over = steady_clock::now() >= end;
    loop_.run_once(over ? milliseconds(0) : glance);
    if (over) return done();
    // One that has died says no more, once what it sent has been read.
    if (program_ && program_->ended()) {
      for (int turn = 0; turn < 50; ++turn) loop_.run_once(milliseconds(0));
      look();
      return done();
    }
  }
}

void stage::look() {
  if (!program_ || program_->ended()) return;
  program_->look();
  const auto& end = program_->ended();
  if (!end) return;
  if (end->by_signal)
    note("note.died", {{"signal", ::strsignal(end->number)}});
  else
    note("note.ended", {{"status", std::to_string(end->number)}});
}

void stage::pass(milliseconds time) {
  until([&] { return false; }, time);
}

void stage::expect(const std::function<bool()>& holds, said due, said came) {
  if (!until(holds)) throw failure{std::move(due), std::move(came)};
}

void stage::program_lives() {
  if (!program_) return;
  look();
  if (program_->ended() && !may_end_) throw failure{{"due.lives"}, {"came.dead"}};
}

// A program that ends closes its sockets first, and only then can it be waited for. So one that
// still listens and waits goes on; of any other, its end may be about to come.
bool stage::program_has_ended() {
  if (!program_) return false;
  const auto goes_on = [this] {
    return program_waits() && (with_.client || tcp_listener_at(port_).has_value());
  };
  until([&] { return program_->ended() || goes_on(); }, milliseconds(500));
  return program_->ended().has_value();
}

void stage::others_are_served(user& witness) {
  witness.is_served();
  somebody("witness");
}

subject& stage::program() {
  if (!program_) throw cannot_judge{{"why.not_started_here"}};
  return *program_;
}

void stage::signals(int number) {
  program().signal(number);
  signal_sent_ = number;
  note("note.signal", {{"signal", ::strsignal(number)}});
}

void stage::interrupts(const std::function<void()>& goes_on) {
  // A stop and a continuation interrupt some calls of every program.
  signals(SIGSTOP);
  signals(SIGCONT);
  goes_on();
  constexpr int ends[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP,  SIGSEGV, SIGBUS,
                          SIGFPE, SIGILL,  SIGABRT, SIGXCPU, SIGPIPE};
  for (const int signal : caught_signals(program().serving_pid())) {
    const bool deadly = std::find(std::begin(ends), std::end(ends), signal) != std::end(ends);
    if (deadly || signal >= 32) continue;
    until([&] { return program_waits(); });  // else there is no call to interrupt
    signals(signal);
    pass(milliseconds(20));
    program_lives();
  }
}

void stage::is_idle() {
  if (thread_times_of(program().serving_pid()).empty()) throw cannot_judge{{"why.no_times"}};
  pass(milliseconds(50));  // what the last message caused is over
  const int used = cpu_percent(to_be_idle);
  if (used > idle_percent)
    throw failure{{"due.idle"}, {"came.busy", {{"percent", std::to_string(used)}}}};
}

std::size_t stage::descriptors() const {
  return program_ ? descriptors_of(program_->serving_pid()).size() : 0;
}

std::uint64_t stage::memory() const {
  return program_ ? resident_bytes(program_->serving_pid()) : 0;
}

int stage::cpu_percent(milliseconds time) {
  const pid_t pid = program().serving_pid();
  auto before = thread_times_of(pid);
  const auto began = steady_clock::now();
  pass(time);
  const std::chrono::nanoseconds passed = steady_clock::now() - began;
  std::int64_t percent = 0;
  for (const auto& [thread, now] : thread_times_of(pid)) {
    const auto ran = now.ran - before[thread].ran;
    const auto waited = now.waited - before[thread].waited;
    if (ran.count() > 0) percent += ran * 100 / std::max(passed - waited, ran);
  }
  return static_cast<int>(percent);
}

connection_evidence stage::evidence_of(const peer& one) const {
  connection_evidence seen = one.state();
  if (!program_) return seen;
  seen.held = one.port() == 0 && !seen.ended;  // a terminal or a pipe
  // A connection that both sides have ended is in no table; its descriptor tells that it is held.
  const bool left = seen.closed || seen.reset || seen.half_closed;
  if (left && holds_ended_socket(program_->serving_pid())) seen.held = true;
  const auto socket = tcp_socket_between(one.program_port(), one.port());
  if (!socket) return seen;
  // What a peer's end counts for one byte, is none.
  seen.unread = socket->unread - (socket->peer_closed && socket->unread > 0 ? 1 : 0);
  seen.unsent = socket->unsent;
  for (const auto& open : descriptors_of(program_->serving_pid())) {
    if (open.socket_inode != socket->inode || socket->inode == 0) continue;
    seen.held = true;
    seen.descriptor = open.number;
  }
  return seen;
}

void stage::notes_whether_full(const peer& one) {
  if (evidence_of(one).unsent > 0) note("fact.way_was_full", {{"who", one.name()}});
}

bool stage::has_read_all_of(const peer& one) const {
  if (!program_) return false;
  if (one.is_held_back()) return false;  // what it reads from is empty for a moment only
  const auto socket = tcp_socket_between(one.program_port(), one.port());
  return !socket || socket->unread == 0;
}

bool stage::is_done_with(const peer& one) const { return has_read_all_of(one) && program_waits(); }

bool stage::program_waits() const {
  const auto call = waits_in(program_->serving_pid());
  return !call || call->name != "running";
}

evidence stage::gather() {
  evidence seen;
  if (kept_) seen = *kept_;
  seen.facts = facts();
  if (kept_) return seen;
  seen.told_port = with_.program.port;
  seen.listening_port = port_;
  seen.signal_sent = signal_sent_;
  for (const auto& one : peers_) seen.connections.push_back(evidence_of(*one));
  if (!program_) return seen;
  const bool has_ended = program_has_ended();
  seen.last_words = terminal_ == nullptr ? program_->last_words() : terminal_->received();
  seen.stopped_because = program_->stopped_because();
  seen.descriptors_before = descriptors_before_;
  seen.memory_before = memory_before_;
  seen.descriptor_limit = with_.program.descriptors;
  if (!has_ended) {
    const pid_t pid = program_->serving_pid();
    seen.cpu_percent = cpu_percent(milliseconds(200));
    seen.threads = threads_of(pid);
    seen.descriptors = descriptors();
    seen.memory = memory();
    seen.listens = port_ != 0;
    const auto call = waits_in(pid).value_or(waiting_call{});
    seen.waits_in = call.name;
    if (call.descriptor == 0) seen.waits_on = "keyboard";
    for (const auto& one : seen.connections) {
      if (call.descriptor != -1 && one.descriptor == call.descriptor) seen.waits_on = one.who;
    }
    for (const auto& socket : tcp_sockets()) {
      if (socket.listens && socket.local_port == port_) seen.not_accepted = socket.unread;
    }
  }
  if (const auto& end = program_->ended()) {
    seen.ended = true;
    seen.by_signal = end->by_signal;
    seen.end_number = end->number;
  }
  return seen;
}

std::vector<std::string> stage::facts() const {
  std::vector<std::string> found;
  for (const auto& event : story_.events()) {
    if (event.kind == tools::wire_kind::note && event.label.starts_with("fact."))
      found.push_back(event.label.substr(0, event.label.find('\n')));
  }
  return found;
}

}  // namespace check
