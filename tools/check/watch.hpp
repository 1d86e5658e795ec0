// Watches the files of a program, so that it can be checked again after each change.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "result.hpp"

namespace check {

/// The state of the files of a program at one moment; empty while one of them is missing or empty.
using file_state = std::string;

/// Decides from the states of the files, looked at again and again, when a changed program is
/// complete.
class change_detector {
 public:
  /// @param checked the state that was checked last
  explicit change_detector(file_state checked) : checked_(std::move(checked)) {}

  /// @return whether the program has changed and is complete: a build that is still writing it
  /// makes two states that differ, or an empty one
  bool observe(const file_state& now) {
    const bool is_stable = !now.empty() && now == last_;
    last_ = now;
    return is_stable && now != checked_;
  }

 private:
  file_state checked_;
  file_state last_;
};

/// A file that belongs to the program.
struct watched_file {
  std::string path;
  bool is_executed;  ///< complete only if it is executable: a linker sets that last
};

/// The files that the words of a command name: `./server`, and `server.py` of `python3 server.py`.
/// The program itself may be missing until it is built.
std::vector<watched_file> files_of(const std::vector<std::string>& command);

/// The present state of @p files.
file_state state_of(const std::vector<watched_file>& files);

/// Which checks passed and which failed in one run and not in the one before.
std::string difference_text(const std::vector<check_result>& before,
                            const std::vector<check_result>& after, const catalogue& texts);

/// Calls @p run, and again after each change of @p files. Does not return: Ctrl-C ends the program.
/// @throws what @p run throws
[[noreturn]] void run_at_every_change(const std::vector<watched_file>& files,
                                      const std::function<void()>& run);

}  // namespace check
