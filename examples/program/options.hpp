// The command lines of the example programs.
// CLI11 is included by options.cpp alone, since it takes a second to compile.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include <jalon/endpoint.hpp>

#include "run_main.hpp"

namespace program {

/// The loop that a server runs on.
enum class loop_kind { poll, epoll, asio };

/// What a server does about clients that cost it too much. The largest values: no limit.
struct server_limits {
  /// `--memory`: bytes that all connections together may hold.
  std::size_t memory = default_memory();
  /// `--stall-timeout`: how long a client may accept nothing of what waits for it.
  std::chrono::milliseconds stall_timeout = std::chrono::seconds(30);
  /// `--line-timeout`: how long a line that is begun may take.
  std::chrono::milliseconds line_timeout = std::chrono::seconds(60);

  /// A quarter of the machine's memory.
  static std::size_t default_memory();

  /// No limits.
  static server_limits none();
};

/// The parsed command line `server PORT [OPTIONS]`.
struct server_options {
  jalon::endpoint at = {};            ///< where to listen; port 0 lets the system choose
  bool bind_given = false;            ///< whether `--bind` was given
  loop_kind loop = loop_kind::poll;   ///< `--loop`
  bool trace = false;                 ///< `--trace`
  std::size_t hard_limit = 8U << 20;  ///< `--hard-limit`: bytes that may wait for one client
  server_limits limits = {};          ///< the other limits
  bool no_limits = false;  ///< `--no-limits`: `limits` has none, and the service has none
};

/// An option whose value is a whole number, which only some programs have.
struct number_option {
  std::string name;     ///< with its dashes: `--rate`
  std::string value;    ///< the name of its value in the help: `N`
  std::string help;     ///< what it does
  std::uint64_t& into;  ///< set to the value; unchanged if the option is left out
  std::uint64_t least;  ///< the smallest value
  std::uint64_t most;   ///< the largest value
};

/// The parsed command line `client HOST PORT [OPTIONS]`.
struct client_options {
  std::string host = {};   ///< a name or a numeric address
  std::uint16_t port = 0;  ///< 1 to 65,535
};

/// An option with a value that only one of the clients has.
struct extra_option {
  std::string name;   ///< with its dashes: `--inbox`
  std::string value;  ///< the name of its value in the help: `DIR`
  std::string help;   ///< what it does
  std::string& into;  ///< set to the value; unchanged if the option is left out
};

/// Parses a server's command line. @param name the program's name in its help
/// @throws usage_error, text_request; see `run_main`
server_options parse_server_options(int argc, const char* const* argv, const std::string& name,
                                    std::initializer_list<number_option> extras = {});

/// Parses a client's command line, likewise.
client_options parse_client_options(int argc, const char* const* argv, const std::string& name,
                                    std::initializer_list<extra_option> extras = {},
                                    std::initializer_list<number_option> numbers = {});

}  // namespace program
