// The program that is graded: started, watched, and stopped with all it has started.
// What is said to it over the wire, and whether that was right, is not known here.
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

namespace check {

/// What a program has for standard input and output.
enum class standard_files {
  silent,    ///< a terminal where nobody types; what it prints is kept
  none,      ///< /dev/null; what it prints is kept
  pipes,     ///< two pipes: `subject::take_standard_files`
  terminal,  ///< a terminal: `subject::take_standard_files`
};

/// How the graded program is started, and what it may use.
struct subject_options {
  std::vector<std::string> command;  ///< with `{port}` and `{host}` where these go
  std::uint16_t port = 8080;         ///< the port it is told
  standard_files standard = standard_files::silent;
  rlim_t descriptors = 1024;        ///< it may have open (RLIMIT_NOFILE)
  rlim_t processor_seconds = 60;    ///< it may use (RLIMIT_CPU)
  std::uint64_t memory = 1U << 30;  ///< bytes it may have in use
  rlim_t file_bytes = 1U << 30;     ///< a file of its own may have (RLIMIT_FSIZE)
};

/// How a process came to its end.
struct process_end {
  bool by_signal = false;
  int number = 0;  ///< the signal, or the exit status
};

/// Ends all that descends from this process, those that have left their group too; a child
/// subreaper (prctl(2)) is needed for that. @param gone is told of each, with its wait status
void end_descendants(const std::function<void(pid_t, int)>& gone = {});

/// A running program. It and its children end with this object, at the latest.
class subject {
 public:
  /// Of its output, so many bytes are kept: the last.
  static constexpr std::size_t kept_output = 16U << 10;

  /// Starts the program, in a process group and a folder of its own.
  /// @throws std::system_error that names the program if it cannot be started
  explicit subject(subject_options options);
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  ~subject();

  /// Reads what it has printed, and looks whether it still runs. Called often.
  void look();

  /// How it ended; nothing while it runs.
  const std::optional<process_end>& ended() const noexcept { return ended_; }

  /// Why the checker ended it; empty if it did not.
  const std::string& stopped_because() const noexcept { return stopped_because_; }

  /// The port it listens on: that which it was told if it does, else any; 0 if on none.
  std::uint16_t listening_port();

  /// The other ends of its terminal or pipes. Once, and only if it was started with such.
  channel take_standard_files();

  /// The folder that it runs in: its own, empty at the start, gone at the end.
  const std::string& folder() const noexcept { return folder_; }

  /// What it has printed last, as far as that is kept, on standard output and standard error.
  std::string last_words() const;

  /// The process itself.
  pid_t pid() const noexcept { return pid_; }

  /// The process that listens or is connected: a child, where a script has started it.
  pid_t serving_pid() const;

  /// What it was started with.
  const subject_options& options() const noexcept { return options_; }

  /// Sends a signal to the process that listens.
  void signal(int number);

  /// Ends it and all it has started, at once.
  void kill();

 private:
  // The first process of its family that has this socket.
  std::optional<pid_t> holder_of(std::uint64_t inode) const;
  void start();
  void open_standard_files();
  void run_child();
  void drain();
  void keep_limits();

  subject_options options_;
  std::string folder_;
  jalon::unique_fd keyboard_;  // what its input comes from; a terminal's side where somebody sits
  jalon::unique_fd screen_;    // what its output comes out of, unless it is that terminal
  jalon::unique_fd input_;     // its own ends of both; the input stays open, so that it is silent
  jalon::unique_fd output_;
  std::string last_output_;
  pid_t pid_ = -1;
  mutable pid_t serving_ = -1;  // once it is known, and for as long as it lives
  std::chrono::steady_clock::time_point next_search_{};  // when all sockets are listed again
  std::chrono::steady_clock::time_point next_limits_{};  // when memory is looked at again
  std::optional<process_end> ended_;
  std::string stopped_because_;
};

}  // namespace check
