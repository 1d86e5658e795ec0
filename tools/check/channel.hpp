// The transport between the checker and a program: a connection, a terminal, or two pipes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <jalon/socket.hpp>
#include <jalon/unique_fd.hpp>

namespace check {

/// The checker's end of a transport. Owns its descriptors, which are non-blocking.
class channel {
 public:
  /// An empty channel.
  channel() = default;
  /// A connection.
  explicit channel(jalon::stream_socket socket) : socket_(std::move(socket)) {}
  /// The master side of a pseudo-terminal, see pty(7).
  explicit channel(jalon::unique_fd terminal) : screen_(std::move(terminal)) {}
  /// Two pipes: @p screen for the program's output, @p keyboard for its input.
  channel(jalon::unique_fd screen, jalon::unique_fd keyboard)
      : screen_(std::move(screen)), keyboard_(std::move(keyboard)) {}

  /// Whether the channel can be read.
  explicit operator bool() const noexcept { return socket_ || screen_; }
  /// The descriptor to poll for reading.
  int read_fd() const noexcept { return socket_ ? socket_.fd() : screen_.get(); }
  /// Whether reading and writing use two different descriptors (pipes).
  bool has_separate_fds() const noexcept { return static_cast<bool>(keyboard_); }
  /// The descriptor to poll for writing.
  int write_fd() const noexcept { return keyboard_ ? keyboard_.get() : read_fd(); }

  /// See `jalon::stream_socket::read_some`.
  jalon::io_result read_some(std::span<char> into);
  /// See `jalon::stream_socket::write_some`.
  jalon::io_result write_some(std::string_view bytes);
  /// The bytes that the kernel has accepted and not yet sent, because the program's receive buffer
  /// is full: SIOCOUTQNSD, see tcp(7). 0 for terminals and pipes.
  std::size_t unsent_bytes() const;
  /// Ends the output: half-closes the connection, closes the pipe, or sends Ctrl-D.
  void end_writing();
  /// Makes the next close of a connection a reset.
  void reset_on_close() { socket_.reset_on_close(); }

  /// The port of this end of a connection; 0 for terminals and pipes.
  std::uint16_t port() const { return socket_ ? socket_.local().port() : std::uint16_t{0}; }
  /// The port of the program's end; 0 for terminals and pipes.
  std::uint16_t program_port() const {
    return socket_ ? socket_.remote().port() : std::uint16_t{0};
  }

 private:
  jalon::stream_socket socket_;
  jalon::unique_fd screen_;
  jalon::unique_fd keyboard_;
};

}  // namespace check
