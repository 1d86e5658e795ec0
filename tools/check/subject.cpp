// The graded program as a process.
#include "subject.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include <jalon/error.hpp>

#include "common/text.hpp"
#include "process_view.hpp"

namespace check {

namespace {

namespace fs = std::filesystem;

constexpr int could_not_run = 127;  // the status that a shell uses for this
constexpr std::chrono::milliseconds between_searches{100};

// The master side of a new pseudo-terminal, see pty(7).
jalon::unique_fd open_terminal() {
  jalon::unique_fd master{
      jalon::check_call(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt")};
  jalon::check_call(::grantpt(master.get()), "grantpt");
  jalon::check_call(::unlockpt(master.get()), "unlockpt");
  jalon::set_non_blocking(master.get());
  const winsize usual{24, 80, 0, 0};
  ::ioctl(master.get(), TIOCSWINSZ, &usual);
  return master;
}

jalon::unique_fd open_file(const char* path, int flags) {
  return jalon::unique_fd{
      jalon::check_call(::open(path, flags | O_CLOEXEC | O_NOCTTY), "open", path)};
}

void limit(int resource, rlim_t value) {
  const rlimit both{value, value};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

void append_bounded(std::string& tail, std::string_view more, std::size_t bound) {
  tail += more;
  if (tail.size() > bound) tail.erase(0, tail.size() - bound);
}

bool is_path(const std::string& word) { return word.find('/') != word.npos; }

process_end end_of(int status) {
  if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
  return {false, WEXITSTATUS(status)};
}

}  // namespace

void kill_descendants(const std::function<void(pid_t, int)>& gone) {
  // A process may fork before it is killed, so repeat until no child is left.
  for (int round = 0; round < 1000 && !children_of(::getpid()).empty(); ++round) {
    for (const pid_t pid : process_tree(::getpid())) {
      if (pid != ::getpid()) ::kill(pid, SIGKILL);
    }
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (gone) gone(ended, status);
  }
}

std::vector<std::string> paths_of(const subject_options& options, const std::string& folder) {
  std::vector<std::string> paths{fs::path(folder).parent_path().string()};
  for (const auto& word : options.command) {
    if (is_path(word)) paths.push_back(fs::absolute(word).string());
  }
  for (const auto& name : options.files.linked)
    paths.push_back((options.files.from / name).string());
  return paths;
}

subject::subject(subject_options options) : options_(std::move(options)) {
  const tools::arguments values{{"port", std::to_string(options_.port)}, {"host", "127.0.0.1"}};
  for (auto& word : options_.command) {
    // The program runs in another folder, so relative paths are made absolute.
    const bool here = is_path(word) && fs::exists(word);
    word = here ? fs::absolute(word).string() : tools::fill(word, values);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER,
          1);  // orphans of the program become our children and can be killed
  fill_folder(options_.files, folder());
  start();
}

subject::~subject() { kill(); }

void subject::open_standard_files() {
  const bool is_terminal = options_.standard == standard_files::terminal;
  if (is_terminal || options_.standard == standard_files::silent) {
    keyboard_ = open_terminal();
    input_ = open_file(::ptsname(keyboard_.get()), O_RDWR);
  } else if (options_.standard == standard_files::none) {
    input_ = open_file("/dev/null", O_RDONLY);
  } else {
    jalon::pipe_ends typed = jalon::make_pipe();
    input_ = std::move(typed.read);
    keyboard_ = std::move(typed.write);
  }
  if (is_terminal) return;
  jalon::pipe_ends printed = jalon::make_pipe();
  screen_ = std::move(printed.read);
  output_ = std::move(printed.write);
}

void subject::start() {
  next_search_ = std::chrono::steady_clock::now() + between_searches;
  open_standard_files();
  bounds_.emplace(paths_of(options_, folder()));
  bounds_->hand_over(folder());
  for (const int fd : {input_.get(), output_.get()}) bounds_->hand_over(fd);
  bounds_->enter();
  pid_ = ::fork();
  if (pid_ == 0) run_child();
  bounds_->leave();
  jalon::check_call(pid_, "fork");
  // The child calls this too: either process may run first. A session leader has its own group.
  if (options_.standard != standard_files::terminal) ::setpgid(pid_, pid_);
  output_ = {};
  // The end of the input is reported only when no other process holds that end open.
  if (options_.standard != standard_files::silent) input_ = {};
}

// Runs in the child after fork, where no exception may be thrown.
void subject::run_child() {
  const bool is_terminal = options_.standard == standard_files::terminal;
  if (is_terminal) {
    ::setsid();
    ::ioctl(input_.get(), TIOCSCTTY, 0);
  } else {
    ::setpgid(0, 0);
  }
  const bool is_confined = bounds_->confine();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // which a change of the user would clear
  const int output = is_terminal ? input_.get() : output_.get();
  for (const int fd : {input_.get(), output})
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  ::dup2(input_.get(), STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);  // nothing that the checker inherited
  limit(RLIMIT_NOFILE, options_.descriptors);
  limit(RLIMIT_CPU, options_.processor_seconds);
  limit(RLIMIT_FSIZE, options_.file_bytes);
  limit(RLIMIT_CORE, 0);
  // Blocked and ignored signals are inherited across exec and would hide faults such as SIGPIPE.
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  std::vector<char*> words;
  for (auto& word : options_.command) words.push_back(word.data());
  words.push_back(nullptr);
  if (is_confined && ::chdir(folder().c_str()) == 0) ::execvp(words.front(), words.data());
  ::dprintf(STDERR_FILENO, "%s: %s\n", words.front(), std::strerror(errno));
  ::_exit(could_not_run);
}

channel subject::take_standard_files() {
  if (options_.standard == standard_files::pipes) return {std::move(screen_), std::move(keyboard_)};
  return channel(std::move(keyboard_));
}

void subject::poll() {
  drain();
  if (ended_ || pid_ == -1) return;
  int status = 0;
  const pid_t gone = ::waitpid(pid_, &status, WNOHANG);
  if (gone == pid_) {
    ended_ = end_of(status);
    drain();
    return;
  }
  enforce_limits();
}

void subject::drain() {
  if (!screen_) return;
  char bytes[4096];
  // Bounded, so that a program which prints endlessly does not block the checker.
  for (int turn = 0; turn < 64; ++turn) {
    const auto got = ::read(screen_.get(), bytes, sizeof bytes);
    if (got <= 0) return;
    const std::string_view more(bytes, static_cast<std::size_t>(got));
    append_bounded(last_output_, more, kept_output);
  }
}

void subject::enforce_limits() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_limit_check_) return;
  next_limit_check_ = now + std::chrono::milliseconds(50);
  std::uint64_t used = 0;
  for (const pid_t pid : process_tree(pid_)) used += resident_bytes(pid);
  if (used <= options_.memory) return;
  stopped_because_ = "memory";
  kill();
}

std::uint16_t subject::listening_port() {
  const auto listener = tcp_listener_at(options_.port);
  if (listener && holder_of(listener->inode)) return options_.port;
  // It may listen on another port. Listing all sockets is slow, so do it only from time to time.
  const auto now = std::chrono::steady_clock::now();
  if (now < next_search_) return 0;
  next_search_ = now + between_searches;
  std::uint16_t found = 0;
  for (const auto& socket : tcp_sockets()) {
    if (!socket.listens || !holder_of(socket.inode)) continue;
    if (found == 0 || socket.local_port == options_.port) found = socket.local_port;
  }
  return found;
}

bool subject::limit_descriptors(rlim_t number) {
  if (!bounds_->limit_descriptors(serving_pid(), number)) return false;
  options_.descriptors = number;
  return true;
}

pid_t subject::serving_pid() const {
  if (serving_ != -1 && !descriptors_of(serving_).empty()) return serving_;
  if (const auto listener = tcp_listener_at(options_.port)) {
    if (const auto holder = holder_of(listener->inode)) return serving_ = *holder;
  }
  for (const auto& socket : tcp_sockets()) {
    if (!socket.listens && socket.remote_port != options_.port) continue;
    if (const auto holder = holder_of(socket.inode)) return serving_ = *holder;
  }
  return pid_;
}

std::optional<pid_t> subject::holder_of(std::uint64_t inode) const {
  if (inode == 0) return std::nullopt;
  for (const pid_t pid : process_tree(pid_)) {
    for (const auto& descriptor : descriptors_of(pid)) {
      if (descriptor.socket_inode == inode) return pid;
    }
  }
  return std::nullopt;
}

std::string subject::last_output() const { return last_output_; }

void subject::signal(int number) { ::kill(serving_pid(), number); }

void subject::kill() {
  if (pid_ == -1) return;
  ::kill(-pid_, SIGKILL);
  kill_descendants([this](pid_t gone, int status) {
    if (gone == pid_ && !ended_) ended_ = end_of(status);
  });
  drain();
  pid_ = -1;
}

}  // namespace check
