// Milestone 1, the server: the echo, on the loop that the command line names.
// Chapter: tutorial/01-echo. Its smallest form, without options and log, is tiny_server.cpp.
#include "common/run_server.hpp"
#include "echo.hpp"

int main(int argc, char* argv[]) {
  return example::run_main([&] {
    const auto options = example::parse_server_options(argc, argv, "jalon 01-echo");
    example::echo_service echo;
    return example::run_server(echo, options);
  });
}
