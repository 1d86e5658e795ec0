// The graded program as a process: starts it, limits and observes it, and kills it with all its
// descendants.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <jalon/unique_fd.hpp>

#include "channel.hpp"
#include "folder.hpp"
#include "isolation.hpp"

namespace check {

/// What a program's standard input and output are connected to.
enum class standard_files {
  silent,    ///< a terminal where nobody types; the output is kept
  none,      ///< /dev/null; the output is kept
  pipes,     ///< two pipes: `subject::take_standard_files`
  terminal,  ///< a terminal: `subject::take_standard_files`
};

/// The command of the graded program, and its limits.
struct subject_options {
  std::vector<std::string> command;  ///< `{port}` and `{host}` in it are replaced
  std::uint16_t port = 8080;         ///< the port for `{port}`
  standard_files standard = standard_files::silent;
  rlim_t descriptors = 1024;        ///< the limit of open descriptors (RLIMIT_NOFILE)
  rlim_t processor_seconds = 60;    ///< the limit of processor time (RLIMIT_CPU)
  std::uint64_t memory = 1U << 30;  ///< the limit of resident memory in bytes
  rlim_t file_bytes = 1U << 30;     ///< the limit of a file's size (RLIMIT_FSIZE)
  folder_content files = {};        ///< what it finds in its working directory
};

/// The paths that a program must reach, if `folder` is its working directory.
std::vector<std::string> paths_of(const subject_options& options, const std::string& folder);

/// How a process ended.
struct process_end {
  bool by_signal = false;
  int number = 0;  ///< the signal, or the exit status
};

/// Kills all descendants of this process, also those that have left its process group. The process
/// must be a child subreaper, see prctl(2). @param gone is called for each, with its wait status
void kill_descendants(const std::function<void(pid_t, int)>& gone = {});

/// A running program. The destructor kills it and its descendants.
class subject {
 public:
  /// The number of bytes that are kept of the output: the last ones.
  static constexpr std::size_t kept_output = 16U << 10;

  /// Starts the program in its own process group and its own folder.
  /// @throws std::system_error that names the program if it cannot be started
  explicit subject(subject_options options);
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  ~subject();

  /// Reads its output, checks whether it still runs, and enforces the memory limit. Call it often.
  void poll();

  /// How it ended; nothing while it runs.
  const std::optional<process_end>& ended() const noexcept { return ended_; }

  /// Why the checker killed it; empty if it did not.
  const std::string& stopped_because() const noexcept { return stopped_because_; }

  /// The port it listens on: preferably the one in its command; 0 if it does not listen.
  std::uint16_t listening_port();

  /// The other ends of its terminal or pipes. Call it at most once, and only if it has such.
  channel take_standard_files();

  /// Its working directory: at the start it has `subject_options::files` in it; the destructor
  /// removes it.
  const std::string& folder() const noexcept { return folder_.path(); }

  /// The end of its output, both standard output and standard error.
  std::string last_output() const;

  /// The process that was started.
  pid_t pid() const noexcept { return pid_; }

  /// The process that listens or is connected: a child, if the command is a script.
  pid_t serving_pid() const;

  /// The options that it was started with.
  const subject_options& options() const noexcept { return options_; }

  /// Lowers the limit of open descriptors of the serving process. @return whether that is allowed
  bool limit_descriptors(rlim_t number);

  /// Sends a signal to the serving process.
  void signal(int number);

  /// Kills it and its descendants.
  void kill();

 private:
  // The first process of its tree that has this socket open.
  std::optional<pid_t> holder_of(std::uint64_t inode) const;
  void start();
  void open_standard_files();
  void run_child();
  void drain();
  void enforce_limits();

  subject_options options_;
  temporary_folder folder_;
  jalon::unique_fd keyboard_;  // the write end of its input, or the master side of a terminal
  jalon::unique_fd screen_;    // the read end of its output, unless that is the terminal
  jalon::unique_fd input_;     // its own ends; for `silent`, the terminal is kept open here
  jalon::unique_fd output_;
  std::string last_output_;
  std::optional<isolation> bounds_;
  pid_t pid_ = -1;
  mutable pid_t serving_ = -1;                           // cached while that process lives
  std::chrono::steady_clock::time_point next_search_{};  // when `tcp_sockets` may be called again
  std::chrono::steady_clock::time_point next_limit_check_{};  // when memory is measured again
  std::optional<process_end> ended_;
  std::string stopped_because_;
};

}  // namespace check
