// The other end of a connection, in the hands of a test.
// It never waits: it is asked again after each turn of the loop.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/connect.hpp>
#include <jalon/socket.hpp>

#include "resources.hpp"

namespace support {

/// A peer that does as it is told, good or bad.
class peer {
 public:
  explicit peer(jalon::stream_socket socket) : socket_(std::move(socket)) {}

  /// Connects to who listens at @p at; the system takes it in before anybody accepts.
  explicit peer(const jalon::endpoint& at) : peer(jalon::connect({at}, std::chrono::seconds(10))) {}

  /// Sends @p bytes. @throws std::runtime_error if the system does not take them all
  void send(std::string_view bytes) {
    if (send_some(bytes) != bytes.size()) throw std::runtime_error("peer: the socket is full");
  }

  /// Sends as much of @p bytes as the system takes. @return how much
  std::size_t send_some(std::string_view bytes) { return socket_.write_some(bytes).bytes; }

  /// All that has come since the peer was made.
  const std::string& received() {
    std::array<char, 65'536> room;
    while (read_some(room.data(), room.size())) {
    }
    return received_;
  }

  /// Reads @p bytes at most. @return whether any came
  bool read_some(char* room, std::size_t bytes) {
    const auto result = socket_.read_some({room, bytes});
    received_.append(room, result.bytes);
    if (result.status == jalon::io_status::end) ended_ = true;
    if (result.status == jalon::io_status::error) error_ = result.error;
    return result.bytes > 0;
  }

  /// Whether the other side has ended in order, after all that was received.
  bool ended() { return received(), ended_; }

  /// What broke the connection; nothing if it is whole.
  std::error_code error() { return received(), error_; }

  /// Whether it is over, in order or not.
  bool gone() { return ended() || error(); }

  /// Says that nothing more will come, and goes on reading.
  void end_output() { socket_.shutdown_write(); }

  /// Closes in order.
  void leave() { socket_ = {}; }

  /// Cuts the connection: the other side gets a reset.
  void reset() {
    socket_.reset_on_close();
    socket_ = {};
  }

  jalon::stream_socket& socket() { return socket_; }

 private:
  jalon::stream_socket socket_;
  std::string received_;
  std::error_code error_;
  bool ended_ = false;
};

/// Two ends of a TCP connection over the loopback address.
inline std::pair<jalon::stream_socket, jalon::stream_socket> tcp_pair() {
  jalon::listener accepting(jalon::endpoint::loopback(0));
  auto client = jalon::connect({accepting.local()}, std::chrono::seconds(10));
  // The client may know a moment earlier than the listener.
  await_readable(accepting.fd());
  return {std::move(client), accepting.accept().socket};
}

}  // namespace support
