// Reads when poll(2) reports the input as readable, and writes whole lines.
#include "pipe_console.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include <jalon/error.hpp>
#include <jalon/printable.hpp>

namespace program {

namespace {

constexpr std::size_t read_bytes = 16'384;

// Writes all bytes; blocks if necessary. Another program may have made the open file non-blocking.
void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd until{fd, POLLOUT, 0};
      ::poll(&until, 1, -1);
    } else if (errno != EINTR) {
      jalon::throw_system_error(errno, "write", "standard output");
    }
  }
}

}  // namespace

pipe_console::pipe_console(jalon::reactor& loop, console_handlers handlers, int input, int output)
    : handlers_(std::move(handlers)),
      input_(input),
      output_(output),
      watch_(loop.watch(
          input, jalon::io_events::read, [this](jalon::io_events) { read(); }, "standard input")) {}

void pipe_console::show(std::string_view text, look) { put(jalon::printable(text) + '\n'); }

void pipe_console::put(std::string_view bytes) { write_all(output_, bytes); }

void pipe_console::pause(bool paused) {
  paused_ = paused;
  if (!paused_) deliver();
  if (!ended_) watch_.set_interest(paused_ ? jalon::io_events::none : jalon::io_events::read);
}

// An input that cannot be read is treated as ended.
void pipe_console::read() {
  const auto got = jalon::uninterrupted(
      [&] { return ::read(input_, in_.prepare(read_bytes).data(), read_bytes); });
  if (got == -1 && errno == EAGAIN) return;
  in_.commit(got > 0 ? static_cast<std::size_t>(got) : 0);
  input_ended_ = got <= 0;
  deliver();
}

void pipe_console::deliver() {
  while (!paused_) {
    auto line = codec_.next(in_);
    if (!line && input_ended_) line = codec_.finish(in_);
    if (!line) break;
    take(*line);
  }
  if (!paused_ && input_ended_) end();
}

void pipe_console::take(const jalon::frame& line) {
  if (line.error)
    show("this line is too long; it is left out", look::failure);
  else
    handlers_.line(line.payload);
}

void pipe_console::end() {
  if (std::exchange(ended_, true)) return;
  watch_.drop();
  handlers_.end();
}

}  // namespace program
