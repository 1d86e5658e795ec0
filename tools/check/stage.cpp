// The environment of one check.
#include "stage.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <thread>

#include <jalon/connect.hpp>
#include <jalon/resolve.hpp>

#include "process_view.hpp"

namespace check {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {
constexpr milliseconds poll_interval{2};  // between two polls of the program
constexpr milliseconds idle_measurement{400};
constexpr int idle_percent = 20;  // of a core; a busy loop uses 100

bool holds_ended_socket(pid_t pid) {
  const auto sockets = tcp_sockets();
  const auto open = descriptors_of(pid);
  return std::any_of(open.begin(), open.end(), [&](const open_descriptor& descriptor) {
    return descriptor.socket_inode != 0 &&
           std::none_of(sockets.begin(), sockets.end(), [&](const tcp_socket& socket) {
             return socket.inode == descriptor.socket_inode;
           });
  });
}

}  // namespace

stage::stage(stage_options options, std::uint64_t seed)
    : options_(std::move(options)), seed_(seed) {}

void stage::open() {
  if (!starts_programs()) {
    port_ = options_.program.port;
    return;
  }
  if (options_.client) listener_.emplace(jalon::endpoint::loopback(options_.program.port));
  start();
}

void stage::start() {
  program_ = std::make_unique<subject>(options_.program);
  story_.add({}, tools::wire_kind::note, {}, "started");
  if (!options_.client) return wait_until_listening();
  port_ = options_.program.port;
  const bool is_terminal = options_.program.standard == standard_files::terminal;
  server_ = nullptr;
  auto terminal = std::make_unique<console>(*this, tools::server_dialect(options_.dialect),
                                            program_->take_standard_files(), is_terminal);
  terminal_ = terminal.get();
  peers_.push_back(std::move(terminal));
}

void stage::restart() {
  if (!starts_programs()) throw cannot_judge{{"why.not_started_here"}};
  program_.reset();
  start();
}

void stage::wait_until_listening() {
  run_until([&] { return program_->ended() || (port_ = program_->listening_port()) != 0; },
            options_.start_timeout);
  if (port_ == 0 || port_ != options_.program.port)
    throw failure{
        {"due.listens", {{"port", std::to_string(options_.program.port)}}},
        {port_ == 0 ? "came.not_listening" : "came.other_port", {{"port", std::to_string(port_)}}}};
  descriptors_before_ = descriptors();
  memory_before_ = memory();
  dropped_before_ = dropped_by_full_backlogs();
}

jalon::stream_socket stage::open_socket(const std::string& name) {
  return open_socket(name, starts_programs() ? "127.0.0.1" : options_.host, port_);
}

jalon::stream_socket stage::open_socket(const std::string& name, const std::string& host,
                                        std::uint16_t port) {
  try {
    auto socket = jalon::connect(jalon::resolve(host, std::to_string(port)), options_.patience);
    socket.set_no_delay(true);
    return socket;
  } catch (const std::system_error& error) {
    throw failure{{"due.connects", {{"who", name}}},
                  {"came.no_connection", {{"reason", error.code().message()}}},
                  name};
  }
}

user& stage::connect(const std::string& name) {
  auto socket = open_socket(name);
  story_.add(name, tools::wire_kind::opened);
  const std::string nick = name.substr(0, 2) + word().substr(2);
  auto created = std::make_unique<user>(*this, name, nick, std::move(socket));
  user& newcomer = *created;
  peers_.push_back(std::move(created));
  const auto opening = options_.opening.empty() ? dialect().opening() : options_.opening;
  if (!opening.empty()) newcomer.sends(opening, "opening");
  return newcomer;
}

std::vector<user*> stage::connect_crowd(std::size_t number) {
  std::vector<user*> crowd;
  try {
    while (crowd.size() < number)
      crowd.push_back(&connect("user" + std::to_string(crowd.size() + 1)));
  } catch (const failure&) {
    note_if_backlog_full();
    throw;
  }
  return crowd;
}

void stage::note_if_backlog_full() {
  const auto dropped = dropped_by_full_backlogs() - dropped_before_;
  if (dropped > 0) note("fact.backlog_full", {{"number", tools::counted(dropped, "time")}});
}

user& stage::sign_in(const std::string& name) {
  user& newcomer = connect(name);
  if (dialect().knows("nick")) newcomer.takes_nick(newcomer.nick());
  newcomer.is_served();
  return newcomer;
}

std::vector<user*> stage::sign_in_users(std::size_t number) {
  std::vector<user*> all;
  for (std::size_t n = 0; n < number; ++n) all.push_back(&sign_in("user" + std::to_string(n + 1)));
  return all;
}

// ---- for a graded client ----

jalon::stream_socket stage::accept_connection(jalon::listener& listener,
                                              const catalogue_text& expected) {
  jalon::accept_result accepted;
  const auto has_connected = [&] {
    if (accepted.status != jalon::io_status::ok) accepted = listener.accept();
    return accepted.status == jalon::io_status::ok;
  };
  if (!run_until(has_connected, options_.start_timeout)) throw failure{expected, {"came.nothing"}};
  accepted.socket.set_no_delay(true);
  return std::move(accepted.socket);
}

host& stage::server() {
  if (server_ != nullptr) return *server_;
  auto socket = accept_connection(*listener_,
                                  {"due.calls", {{"port", std::to_string(options_.program.port)}}});
  story_.add("server", tools::wire_kind::opened);
  auto created =
      std::make_unique<host>(*this, tools::server_dialect(options_.dialect), std::move(socket));
  server_ = created.get();
  peers_.push_back(std::move(created));
  return *server_;
}

console& stage::terminal() { return *terminal_; }

peer& stage::connect_to(const std::string& name, std::uint16_t port) {
  auto socket = open_socket(name, "127.0.0.1", port);
  story_.add(name, tools::wire_kind::opened);
  peers_.push_back(std::make_unique<peer>(*this, name, channel(std::move(socket))));
  return *peers_.back();
}

std::uint16_t stage::listen() {
  peer_listener_.emplace(jalon::endpoint::loopback(0));
  return peer_listener_->local().port();
}

peer& stage::accept(const std::string& name) {
  auto socket = accept_connection(
      *peer_listener_, {"due.calls", {{"port", std::to_string(peer_listener_->local().port())}}});
  story_.add(name, tools::wire_kind::opened);
  peers_.push_back(std::make_unique<peer>(*this, name, channel(std::move(socket))));
  return *peers_.back();
}

void stage::program_may_end() {
  may_end_ = true;
  run_for(milliseconds(50));  // time for the program to end
  const auto& end = program_->ended();
  if (end && (end->by_signal || !program_->stopped_because().empty()))
    throw failure{{"due.gives_up"}, {"came.dead"}};
}

void stage::program_ends(std::optional<int> status) {
  may_end_ = true;
  if (!run_until([&] { return program_->ended().has_value(); }))
    throw failure{{"due.ends"}, {"came.runs"}};
  const auto& end = *program_->ended();
  if (end.by_signal) throw failure{{"due.ends"}, {"came.dead"}};
  if (status && *status != end.number)
    throw failure{{"due.status", {{"status", std::to_string(*status)}}},
                  {"came.status", {{"status", std::to_string(end.number)}}}};
}

std::string stage::word() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
  std::string text;
  while (text.size() < 7) text += letters[random_() % letters.size()];
  return text;
}

void stage::note(const std::string& id, const tools::arguments& values) {
  std::string label = id;
  for (const auto& [name, value] : values)
    label.append("\n").append(name).append("=").append(value);
  story_.add({}, tools::wire_kind::note, {}, std::move(label));
}

bool stage::run_until(const std::function<bool()>& done, milliseconds limit) {
  const auto end = steady_clock::now() + limit;
  for (;;) {
    poll_program();
    if (done()) return true;
    const bool over = steady_clock::now() >= end;
    loop_.run_once(over ? milliseconds(0) : poll_interval);
    if (over) return done();
    // Nothing more arrives from a program that has ended, once its last bytes have been read.
    if (program_ && program_->ended()) {
      for (int turn = 0; turn < 50; ++turn) loop_.run_once(milliseconds(0));
      poll_program();
      return done();
    }
  }
}

void stage::poll_program() {
  if (!program_ || program_->ended()) return;
  program_->poll();
  const auto& end = program_->ended();
  if (!end) return;
  if (end->by_signal)
    note("note.died", {{"signal", ::strsignal(end->number)}});
  else
    note("note.ended", {{"status", std::to_string(end->number)}});
}

void stage::run_for(milliseconds time) {
  run_until([&] { return false; }, time);
}

std::size_t stage::affordable(std::size_t usual, std::size_t events) const {
  constexpr milliseconds budget{15000};
  constexpr milliseconds unnoticed{20};
  if (options_.latency < unnoticed) return usual;
  const auto most = budget / (options_.latency * static_cast<int>(events));
  return std::clamp<std::size_t>(static_cast<std::size_t>(most), 2, usual);
}

void stage::expect(const std::function<bool()>& condition, catalogue_text expected,
                   catalogue_text actual) {
  if (!run_until(condition)) throw failure{std::move(expected), std::move(actual)};
}

void stage::program_still_runs() {
  if (!program_ || may_end_) return;
  if (program_has_ended()) throw failure{{"due.lives"}, {"came.dead"}};
}

bool stage::comes_to_rest(const peer& partner) {
  if (!program_ || is_stopped()) {
    run_for(is_stopped() ? milliseconds(0) : 2 * options_.latency);
    return true;
  }
  const auto rests = [&] {
    return partner.is_gone() || (has_read_all_of(partner) && program_rests());
  };
  // Most programs need less than the loop's shortest wait.
  for (int turn = 0; turn < 20 && !rests(); ++turn) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    loop_.run_once(milliseconds(0));
  }
  const bool in_time = run_until(rests, options_.settling);
  run_for(milliseconds(0));  // reads what it has sent
  return in_time;
}

void stage::catches_up() {
  const auto limit = std::max<milliseconds>(milliseconds(100), 50 * options_.latency);
  run_until([this] { return !program_ || program_rests(); }, limit);
}

// A sanitizer may let a program go on after a report.
void stage::program_is_sound() {
  if (!program_) return;
  const auto output = program_->last_output();
  for (const char* const mark :
       {": runtime error: ", "ERROR: AddressSanitizer", "WARNING: ThreadSanitizer"}) {
    if (output.find(mark) != output.npos) throw failure{{"due.sound"}, {"came.sanitizer"}};
  }
}

// When a process ends, its sockets are closed before waitpid(2) reports it. A program that is
// blocked in a call and still listens has not ended; for any other, waits a moment.
bool stage::program_has_ended() {
  if (!program_) return false;
  const auto still_serves = [this] {
    return program_waits() && (options_.client || tcp_listener_at(port_).has_value());
  };
  // A sanitizer may take long to write its report.
  const auto limit = is_spent() ? options_.patience : milliseconds(500);
  run_until([&] { return program_->ended() || still_serves(); }, limit);
  return program_->ended().has_value();
}

// Whether every connection has ended: a program that dies loses all of them.
bool stage::is_spent() const {
  return std::all_of(peers_.begin(), peers_.end(), [](const auto& partner) {
    const auto seen = partner->state();
    return seen.ended || seen.closed || seen.reset;
  });
}

void stage::others_are_served(user& witness) {
  witness.is_served();
  sign_in("witness");
}

subject& stage::program() {
  if (!program_) throw cannot_judge{{"why.not_started_here"}};
  return *program_;
}

void stage::send_signal(int number) {
  program().signal(number);
  signal_sent_ = number;
  note("note.signal", {{"signal", ::strsignal(number)}});
}

void stage::interrupt(const std::function<void()>& check_service) {
  // SIGSTOP and SIGCONT interrupt some system calls even without a handler, see signal(7).
  send_signal(SIGSTOP);
  send_signal(SIGCONT);
  check_service();
  constexpr int fatal_signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP,  SIGSEGV, SIGBUS,
                                   SIGFPE, SIGILL,  SIGABRT, SIGXCPU, SIGPIPE};
  for (const int signal : caught_signals(program().serving_pid())) {
    const bool is_fatal = std::find(std::begin(fatal_signals), std::end(fatal_signals), signal) !=
                          std::end(fatal_signals);
    if (is_fatal || signal >= 32) continue;
    run_until([&] { return program_waits(); });  // otherwise there is no call to interrupt
    send_signal(signal);
    run_for(milliseconds(20));
    program_still_runs();
  }
}

void stage::program_is_idle() {
  if (thread_times_of(program().serving_pid()).empty()) throw cannot_judge{{"why.no_times"}};
  run_for(milliseconds(50));  // the work for the last message is over
  const int used = cpu_percent(idle_measurement);
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
  run_for(time);
  const std::chrono::nanoseconds passed = steady_clock::now() - began;
  std::int64_t percent = 0;
  for (const auto& [thread, now] : thread_times_of(pid)) {
    const auto ran = now.ran - before[thread].ran;
    const auto waited = now.waited - before[thread].waited;
    if (ran.count() > 0) percent += ran * 100 / std::max(passed - waited, ran);
  }
  return static_cast<int>(percent);
}

connection_evidence stage::evidence_of(const peer& partner) const {
  connection_evidence seen = partner.state();
  if (!program_) return seen;
  seen.held = partner.port() == 0 && !seen.ended;  // a terminal or a pipe
  // A connection that both sides have closed is in no table of the kernel, but a leaked descriptor
  // still refers to it.
  const bool left = seen.closed || seen.reset || seen.half_closed;
  if (left && holds_ended_socket(program_->serving_pid())) seen.held = true;
  const auto socket = tcp_socket_between(partner.program_port(), partner.port());
  if (!socket) return seen;
  // The kernel counts a received FIN as one unread byte.
  seen.unread = socket->unread - (socket->peer_closed && socket->unread > 0 ? 1 : 0);
  seen.unsent = socket->unsent;
  for (const auto& open : descriptors_of(program_->serving_pid())) {
    if (open.socket_inode != socket->inode || socket->inode == 0) continue;
    seen.held = true;
    seen.descriptor = open.number;
  }
  return seen;
}

void stage::note_if_full(const peer& partner) {
  if (evidence_of(partner).unsent > 0) note("fact.way_was_full", {{"who", partner.name()}});
}

void stage::fill_the_way_to(const peer& reader, std::size_t bytes,
                            const std::function<bool()>& turn) {
  constexpr std::size_t most = 1U << 20;
  constexpr std::size_t between_looks = 40;
  std::uint64_t before = 0;
  const std::size_t turns = affordable(most / bytes);
  for (std::size_t n = 1; n <= turns && turn(); ++n) {
    if (n % between_looks != 0) continue;
    const auto unsent = evidence_of(reader).unsent;
    if (unsent > 0 && unsent == before) return;
    before = unsent;
  }
}

void stage::require_full(const peer& reader) {
  if (options_.latency.count() == 0 || reader.is_gone() || evidence_of(reader).unsent > 0) return;
  if (affordable(1000) < 1000) throw cannot_judge{{"why.too_slow"}};
}

bool stage::has_read_all_of(const peer& partner) const {
  if (!program_) return false;
  if (partner.has_unsent_bytes()) return false;  // the receive queue is empty only for a moment
  const auto socket = tcp_socket_between(partner.program_port(), partner.port());
  return !socket || socket->unread == 0;
}

bool stage::has_handled_all_of(const peer& partner) const {
  return has_read_all_of(partner) && program_rests();
}

bool stage::program_rests() const {
  if (program_->ended()) return true;
  const auto tree = process_tree(program_->pid());
  return std::all_of(tree.begin(), tree.end(), is_at_rest);
}

bool stage::program_waits() const {
  const auto call = current_call(program_->serving_pid());
  return !call || call->name != "running";
}

evidence stage::gather_evidence() {
  evidence seen;
  if (kept_evidence_) seen = *kept_evidence_;
  seen.facts = facts();
  if (kept_evidence_) return seen;
  seen.requested_port = options_.program.port;
  seen.listening_port = port_;
  seen.signal_sent = signal_sent_;
  for (const auto& partner : peers_) seen.connections.push_back(evidence_of(*partner));
  if (!program_) return seen;
  const bool has_ended = program_has_ended();
  seen.last_output = terminal_ == nullptr ? program_->last_output() : terminal_->received();
  seen.stopped_because = program_->stopped_because();
  seen.descriptors_before = descriptors_before_;
  seen.memory_before = memory_before_;
  seen.descriptor_limit = program_->options().descriptors;
  if (!has_ended) {
    const pid_t pid = program_->serving_pid();
    seen.cpu_percent = cpu_percent(milliseconds(200));
    seen.threads = threads_of(pid);
    seen.descriptors = descriptors();
    seen.memory = memory();
    seen.listens = port_ != 0;
    const auto call = current_call(pid).value_or(waiting_call{});
    seen.waits_in = call.name;
    if (call.descriptor == 0) seen.waits_on = "keyboard";
    for (const auto& connection : seen.connections) {
      if (call.descriptor != -1 && connection.descriptor == call.descriptor)
        seen.waits_on = connection.who;
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
