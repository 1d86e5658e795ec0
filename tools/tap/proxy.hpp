// A TCP proxy that forwards bytes between clients and a server, and injects faults on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/acceptor.hpp>
#include <jalon/reactor.hpp>
#include <jalon/socket.hpp>

#include "common/faults.hpp"
#include "common/recording.hpp"

namespace tap {

/// The options of a proxy.
struct proxy_options {
  std::vector<jalon::endpoint> to;  ///< the server's endpoints, in the order to try them
  std::uint64_t seed = 1;           ///< for random sizes, see `tools::faulty_stream`
  /// Called for each event, named from the client's point of view: `sent` was forwarded to the
  /// server.
  std::function<void(std::string_view who, tools::wire_kind, std::string_view bytes)> on_event;
  /// Finds messages in what a client (@p up) or the server sends. Called with all bytes, as they
  /// arrive. @return the offset in that stream at which message number @p n begins, once it is
  /// known
  std::function<std::optional<std::uint64_t>(std::string_view who, bool up, std::string_view bytes,
                                             std::uint64_t n)>
      message_offset;
};

/// The proxy: for each client that it accepts, it opens a connection to the server.
///
/// Use it in the loop's thread only. The loop must outlive it.
class proxy {
 public:
  proxy(jalon::reactor& loop, jalon::listener listener, proxy_options options);
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;
  ~proxy();

  /// The endpoint on which it listens.
  const jalon::endpoint& local() const { return acceptor_.local(); }

  /// Changes the faults in what clients send (@p up) or in what the server sends, from now on.
  /// @param spec for example `split 3, every 10`, see `tools::apply`
  /// @throws std::runtime_error that says what is wrong with @p spec
  void inject_faults(bool up, std::string_view spec);

 private:
  class link;

  void welcome(jalon::stream_socket client);
  void remove(const std::string& who);

  jalon::reactor& loop_;
  proxy_options options_;
  tools::faults up_;
  tools::faults down_;
  std::uint64_t clients_ = 0;
  std::map<std::string, std::unique_ptr<link>, std::less<>> links_;
  jalon::acceptor<jalon::reactor> acceptor_;
};

}  // namespace tap
