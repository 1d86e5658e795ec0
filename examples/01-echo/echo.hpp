// What the server of milestone 1 does: it sends every line back to the client that sent it.
// It has no socket: a host runs it, on any loop or in a test. Chapter: tutorial/01-echo.
#pragma once

#include <string_view>
#include <system_error>

#include <jalon/service.hpp>

namespace echo_server {

/// The service of milestone 1. It sees lines; the host keeps the connections (jalon/server.hpp).
struct echo_service final : jalon::service {
  void received(jalon::connection_id from, std::string_view line, jalon::actions& out) override {
    if (line == "/quit")
      out.close(from);
    else
      out.send(from, line);
  }

  void malformed(jalon::connection_id from, std::error_code /*too_long*/,
                 jalon::actions& out) override {
    out.send(from, "error: line too long");
  }
};

}  // namespace echo_server
