// A server on a loop, in a test that is its operator and all of its clients.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <jalon/server.hpp>

#include "loops.hpp"
#include "peer.hpp"
#include "recording_service.hpp"

namespace support {

/// @p Service on the loop of @p On; what its log says, and clients that connect to it.
template <class On, class Service = recording_service, class Codec = jalon::line_codec>
struct server_scene : On {
  using server_type = jalon::server<typename On::loop_type, Codec>;

  explicit server_scene(jalon::server_options options = {}, Codec codec = Codec{},
                        const jalon::endpoint& at = jalon::endpoint::loopback(0)) {
    options.log = [this](std::string_view event, std::string_view detail) {
      if (at_log) at_log();
      log.push_back(std::string(event) + ": " + std::string(detail));
    };
    server = std::make_unique<server_type>(this->loop, jalon::listener(at), service,
                                           std::move(options), std::move(codec));
  }

  /// Somebody who has connected, and whom the server has taken in.
  peer client() {
    const std::size_t before = server->size();
    peer made(server->local());
    if (!until([&] { return server->size() > before; }))
      throw std::runtime_error("the server takes nobody in");
    return made;
  }

  /// Turns until @p reached. @return whether it ever was
  template <class Condition>
  [[nodiscard]] bool until(Condition reached) {
    return run_until(*this, reached);
  }

  /// Turns until @p who has received @p due and nothing else. @return whether it ever has
  [[nodiscard]] bool gets(peer& who, const std::string& due) {
    return until([&] { return who.received() == due; });
  }

  /// Turns until the service has been told just that. @return whether it ever has
  [[nodiscard]] bool tells(const std::vector<std::string>& due) {
    return until([&] { return service.story == due; });
  }

  Service service;
  std::vector<std::string> log;
  std::function<void()> at_log = {};    // what else the log does, before it uses the event
  std::unique_ptr<server_type> server;  // so that a sanitizer sees who uses it after its end
};

}  // namespace support
