// The command lines of the example programs.
// CLI11, which reads them, is in options.cpp alone: it takes a second to compile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include <jalon/endpoint.hpp>

#include "run_main.hpp"

namespace program {

/// What a server waits with.
enum class loop_kind { poll, epoll, asio };

/// `server PORT [OPTIONS]`, read.
struct server_options {
  jalon::endpoint at = {};            ///< where to listen; port 0 lets the system choose
  bool bind_given = false;            ///< whether `--bind` said so
  loop_kind loop = loop_kind::poll;   ///< `--loop`
  bool trace = false;                 ///< `--trace`
  std::size_t hard_limit = 8U << 20;  ///< `--hard-limit`: bytes that may wait for one client
};

/// `client HOST PORT [OPTIONS]`, read.
struct client_options {
  std::string host = {};   ///< a name or a numeric address
  std::uint16_t port = 0;  ///< 1 to 65,535
};

/// An option with a value that one client has and the others have not.
struct extra_option {
  std::string name;   ///< with its dashes: `--inbox`
  std::string value;  ///< what its value is called in the help: `DIR`
  std::string help;   ///< what it is for
  std::string& into;  ///< takes the value; stays as it is if the option is left out
};

/// Reads a server's command line. @param name says what the program is, in its help
/// @throws usage_error, text_request; see `run_main`
server_options parse_server_options(int argc, const char* const* argv, const std::string& name);

/// Reads a client's command line, likewise.
client_options parse_client_options(int argc, const char* const* argv, const std::string& name,
                                    std::initializer_list<extra_option> extras = {});

}  // namespace program
