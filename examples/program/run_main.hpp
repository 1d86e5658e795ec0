// What every example program does besides its work: say who it is, and end with the right status.
// No command line is read here; that is options.hpp.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace program {

/// The version of all that is here.
inline constexpr std::string_view version = "0.1.0";

/// Name and version, as servers greet with it: `jalon 0.1.0`.
std::string server_name();

/// The command line is wrong; `what()` says what is wrong with it.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line asked for a text, the help or the version, and for no more; `what()` is it.
struct text_request : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Runs @p program, the whole of a `main`. Whatever it throws becomes one line and a status.
/// @return what @p program returns; 2 after a `usage_error`, 0 after a `text_request`, 1 after any
/// other exception
int run_main(const std::function<int()>& program);

}  // namespace program
