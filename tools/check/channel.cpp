// Reading and writing connections, terminals and pipes in the same way.
#include "channel.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace check {

namespace {

using jalon::io_result;
using jalon::io_status;

constexpr std::string_view end_of_input = "\x04";  // Ctrl-D, termios(3)

io_result to_io_result(ssize_t count) {
  if (count > 0) return {static_cast<std::size_t>(count)};
  // Reading a terminal whose other side is closed fails with EIO; treat it as the end, as for
  // pipes.
  if (count == 0 || errno == EIO) return {0, io_status::end};
  if (errno == EAGAIN) return {0, io_status::would_block};
  return {0, io_status::error, std::error_code(errno, std::generic_category())};
}

}  // namespace

io_result channel::read_some(std::span<char> into) {
  return socket_ ? socket_.read_some(into)
                 : to_io_result(::read(screen_.get(), into.data(), into.size()));
}

io_result channel::write_some(std::string_view bytes) {
  return socket_ ? socket_.write_some(bytes)
                 : to_io_result(::write(write_fd(), bytes.data(), bytes.size()));
}

std::size_t channel::unsent_bytes() const {
  int bytes = 0;
  const bool is_known = socket_ && ::ioctl(socket_.fd(), SIOCOUTQNSD, &bytes) == 0;
  return is_known ? static_cast<std::size_t>(bytes) : 0;
}

void channel::end_writing() {
  if (socket_)
    socket_.shutdown_write();
  else if (keyboard_)
    keyboard_ = {};
  else
    write_some(end_of_input);
}

}  // namespace check
