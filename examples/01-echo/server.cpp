// Milestone 1, the server: the echo, on the loop that the command line names.
// tiny_server.cpp is the same without options and log. Chapter: tutorial/01-echo.
#include "echo.hpp"
#include "program/run_server.hpp"

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = program::parse_server_options(argc, argv, "jalon 01-echo");
    echo_server::echo_service echo;
    return program::run_server(echo, options);
  });
}
