// Signals as something that can be read, so that a loop hears them between two calls and never
// in the middle of one.
// What a signal means is not decided here.
#pragma once

#include <signal.h>

#include <atomic>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "error.hpp"
#include "unique_fd.hpp"

namespace jalon {

/// While it lives, the signals it names are caught and come out of `next()`. Destroyed, it puts
/// back what was there before. There can be one at a time in a process.
///
/// A handler may do next to nothing (signal-safety(7)), but it may write to a pipe; that is all
/// this one does. POSIX passes a handler no argument, hence the one variable of the toolkit that
/// is global.
class signal_set {
 public:
  /// Catches the signals @p numbers. @throws std::system_error, or std::logic_error if another set
  /// lives
  explicit signal_set(std::initializer_list<int> numbers) : signal_set() {
    for (const int number : numbers) capture(number);
  }

  signal_set(const signal_set&) = delete;
  signal_set& operator=(const signal_set&) = delete;

  ~signal_set() {
    // Backwards: of a signal that was named twice, the first holds what was there before.
    for (; !replaced_.empty(); replaced_.pop_back())
      ::sigaction(replaced_.back().first, &replaced_.back().second, nullptr);
    written_by_handler() = -1;
  }

  /// Readable when a signal has come.
  int fd() const noexcept { return pipe_.read.get(); }

  /// The next signal that has come, if any. The same one several times may come out once.
  std::optional<int> next() noexcept {
    unsigned char number = 0;
    const auto got = uninterrupted([&] { return ::read(fd(), &number, sizeof number); });
    if (got != 1) return std::nullopt;
    return number;
  }

 private:
  // Once this is done the destructor runs, whatever the public constructor throws.
  signal_set() : pipe_(make_pipe()) {
    int none = -1;
    if (!written_by_handler().compare_exchange_strong(none, pipe_.write.get()))
      throw std::logic_error("signal_set: there can be one at a time");
  }

  static std::atomic<int>& written_by_handler() noexcept {
    static constinit std::atomic<int> fd{-1};
    return fd;
  }

  static void handle(int number) noexcept {
    const int saved = errno;
    const auto byte = static_cast<unsigned char>(number);
    // A full pipe already holds signals enough to wake the loop.
    [[maybe_unused]] const auto written = ::write(written_by_handler(), &byte, sizeof byte);
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
