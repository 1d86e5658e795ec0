// Signals as bytes of a pipe (the self-pipe trick), so that an event loop handles a signal like any
// other input, and not in the middle of another function.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "error.hpp"
#include "unique_fd.hpp"

namespace jalon {

/// Catches signals; `next()` returns those that have arrived. Its destructor restores the previous
/// signal handlers. A process can have one signal set at a time.
///
/// A signal handler may call few functions (signal-safety(7)), but write(2) is allowed; this one
/// writes to a pipe and does nothing else. POSIX passes no user argument to a signal handler, so
/// the pipe's descriptor is the only global variable of the toolkit, with the process that it
/// belongs to: in a child that fork(2) made, the signals are ignored until it destroys its copy of
/// the set, or calls exec.
class signal_set {
 public:
  /// Catches the signals @p numbers (sigaction(2)). @throws std::system_error
  /// @throws std::logic_error if another signal set exists
  explicit signal_set(std::initializer_list<int> numbers)
      : signal_set(std::span<const int>(numbers.begin(), numbers.size())) {}

  /// The same, for a list that is made while the program runs.
  explicit signal_set(std::span<const int> numbers) : signal_set() {
    for (const int number : numbers) capture(number);
  }

  signal_set(const signal_set&) = delete;
  signal_set& operator=(const signal_set&) = delete;

  ~signal_set() {
    // In reverse order: if a signal was named twice, its first entry has the original handler.
    for (; !replaced_.empty(); replaced_.pop_back())
      ::sigaction(replaced_.back().first, &replaced_.back().second, nullptr);
    written_by_handler() = -1;
  }

  /// A descriptor that is readable when a signal has arrived; still owned.
  int fd() const noexcept { return pipe_.read.get(); }

  /// The number of the next signal that has arrived, if any. Never blocks. A signal that is sent
  /// several times before it is handled may be reported once (signal(7)).
  std::optional<int> next() noexcept {
    unsigned char number = 0;
    const auto got = uninterrupted([&] { return ::read(fd(), &number, sizeof number); });
    if (got != 1) return std::nullopt;
    return number;
  }

 private:
  // After this constructor has finished, the destructor runs even if the delegating one throws.
  signal_set() : pipe_(make_pipe()) {
    int none = -1;
    if (!written_by_handler().compare_exchange_strong(none, pipe_.write.get()))
      throw std::logic_error("signal_set: there can be one at a time");
    owner() = ::getpid();
  }

  static std::atomic<int>& written_by_handler() noexcept {
    static constinit std::atomic<int> fd{-1};
    return fd;
  }

  static std::atomic<pid_t>& owner() noexcept {
    static constinit std::atomic<pid_t> process{0};
    return process;
  }

  static void handle(int number) noexcept {
    const int saved = errno;
    const auto byte = static_cast<unsigned char>(number);
    // If the pipe is full, the bytes in it are enough to wake the event loop. A child shares the
    // pipe, and its signals are not the parent's.
    if (::getpid() == owner()) [[maybe_unused]]
      const auto written = ::write(written_by_handler(), &byte, sizeof byte);
    errno = saved;
  }

  void capture(int number) {
    struct sigaction ours {};
    ours.sa_handler = &handle;
    ours.sa_flags = SA_RESTART;
    struct sigaction old {};
    check_call(::sigaction(number, &ours, &old), "sigaction");
    replaced_.emplace_back(number, old);
  }

  pipe_ends pipe_;
  std::vector<std::pair<int, struct sigaction>> replaced_;
};

}  // namespace jalon
