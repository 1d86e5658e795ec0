// What the checker talks to a program through: a connection, or the far ends of its terminal or
// pipes. Bytes pass here; what they mean is not known.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <jalon/socket.hpp>
#include <jalon/unique_fd.hpp>

namespace check {

/// The checker's end of a conversation. Owns its descriptors, which are non-blocking.
class channel {
 public:
  /// None.
  channel() = default;
  /// A connection.
  explicit channel(jalon::stream_socket socket) : socket_(std::move(socket)) {}
  /// The side of a terminal where somebody sits.
  explicit channel(jalon::unique_fd terminal) : screen_(std::move(terminal)) {}
  /// Pipes: what the program prints, and what it reads.
  channel(jalon::unique_fd screen, jalon::unique_fd keyboard)
      : screen_(std::move(screen)), keyboard_(std::move(keyboard)) {}

  /// Whether anything can still come.
  explicit operator bool() const noexcept { return socket_ || screen_; }
  /// The descriptor to wait on for what comes.
  int reads_on() const noexcept { return socket_ ? socket_.fd() : screen_.get(); }
  /// Whether what is written takes another way than what is read: two pipes.
  bool is_two_ways() const noexcept { return static_cast<bool>(keyboard_); }
  /// The descriptor to wait on for room.
  int writes_on() const noexcept { return keyboard_ ? keyboard_.get() : reads_on(); }

  /// See `jalon::stream_socket::read_some`.
  jalon::io_result read_some(std::span<char> into);
  /// See `jalon::stream_socket::write_some`.
  jalon::io_result write_some(std::string_view bytes);
  /// Bytes that the system has taken and holds back, for the program's end has no room: tcp(7).
  std::size_t held_back() const;
  /// Says that no more will come: half of the connection, the pipe, or Ctrl-D.
  void end_writing();
  /// Cuts a connection when it is closed next.
  void reset_on_close() { socket_.reset_on_close(); }

  /// The port of this end of a connection, else 0.
  std::uint16_t port() const { return socket_ ? socket_.local().port() : std::uint16_t{0}; }
  /// The port of the program's end of it.
  std::uint16_t program_port() const {
    return socket_ ? socket_.remote().port() : std::uint16_t{0};
  }

 private:
  jalon::stream_socket socket_;
  jalon::unique_fd screen_;
  jalon::unique_fd keyboard_;
};

}  // namespace check
