// Stands between clients and a server, passes on what each says, and bends it.
// How it is shown, and what the bytes mean, is not known here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <jalon/acceptor.hpp>
#include <jalon/reactor.hpp>
#include <jalon/socket.hpp>

#include "common/faults.hpp"
#include "common/recording.hpp"

namespace tap {

/// How a proxy works.
struct proxy_options {
  jalon::endpoint to;      ///< the server
  std::uint64_t seed = 1;  ///< of random cuts
  /// Told of all that happens, as the client sees it: `sent` is what is passed on to the server.
  std::function<void(std::string_view who, tools::wire_kind, std::string_view bytes)> told;
  /// Where the messages end in what a client (true) or the server says: told the bytes as they
  /// come, it answers after how many bytes of that stream message number @p n begins.
  std::function<std::optional<std::uint64_t>(std::string_view who, bool up, std::string_view bytes,
                                             std::uint64_t n)>
      message_begins;
};

/// The proxy: for each client of the listener a connection of its own to the server.
///
/// For the loop's thread; the loop outlives it.
class proxy {
 public:
  proxy(jalon::reactor& loop, jalon::listener accepting, proxy_options options);
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;
  ~proxy();

  /// Where it listens.
  const jalon::endpoint& local() const { return acceptor_.local(); }

  /// Bends what clients say (@p up) or what the server says from now on: `split 3, every 10`.
  /// @throws std::runtime_error that says what is wrong with the words
  void bend(bool up, std::string_view words);

 private:
  class link;

  void welcome(jalon::stream_socket client);
  void forget(const std::string& who);

  jalon::reactor& loop_;
  proxy_options options_;
  tools::faults up_;
  tools::faults down_;
  std::uint64_t clients_ = 0;
  std::map<std::string, std::unique_ptr<link>, std::less<>> links_;
  jalon::acceptor<jalon::reactor> acceptor_;
};

}  // namespace tap
