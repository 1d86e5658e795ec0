// What every main function does: prepare the process, and turn exceptions into an exit status.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace program {

/// The version of all programs.
inline constexpr std::string_view version = "0.1.0";

/// Name and version, as servers announce it: `jalon 0.1.0`.
std::string server_name();

/// The command line is wrong; `what()` says why.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line asked for the help or the version only; `what()` is that text.
struct text_request : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Runs @p program, the body of a `main`. An exception becomes one line on standard error and an
/// exit status.
///
/// SIGPIPE and SIGXFSZ are ignored from here on, so that a failed write does not kill the program:
/// it fails with EPIPE if nobody reads the pipe or the socket any more, and with EFBIG beyond the
/// limit of a file's size (setrlimit(2), RLIMIT_FSIZE).
/// @return what @p program returns; 2 after a `usage_error`, 0 after a `text_request`, 1 after any
/// other exception
int run_main(const std::function<int()>& program);

}  // namespace program
