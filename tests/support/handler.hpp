// A connection's handler whose calls a test gives as functions.
#pragma once

#include <functional>
#include <system_error>

#include <jalon/connection.hpp>

namespace support {

struct function_handler : jalon::connection_handler {
  std::function<void(const jalon::frame&)> on_received = [](const jalon::frame&) {};
  std::function<void()> on_delivered = [] {};
  std::function<void(std::error_code)> on_ended = [](std::error_code) {};
  std::function<void()> on_drained = [] {};
  std::function<void()> on_closed = [] {};

  void received(const jalon::frame& frame) override { on_received(frame); }
  void delivered() override { on_delivered(); }
  void ended(std::error_code error) override { on_ended(error); }
  void drained() override { on_drained(); }
  void closed() override { on_closed(); }
};

}  // namespace support
