// Writes the prompt; the terminal echoes and edits the line behind it.
#include "simple_console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include <jalon/printable.hpp>

namespace program {

namespace {

// The columns that UTF-8 text takes, if each character takes one.
std::size_t width(std::string_view text) {
  const auto begins = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins));
}

std::size_t columns_of(int terminal) {
  winsize size{};
  return ::ioctl(terminal, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

simple_console::simple_console(jalon::reactor& loop, console_handlers handlers, int input,
                               int output)
    : output_(output),
      redraw_(loop.deferrals(), [this] { draw_prompt(); }),
      lines_(loop, wrapped(std::move(handlers)), input, output) {
  redraw_.schedule();
}

// The next program that prints, for example the shell, begins on a new row.
simple_console::~simple_console() {
  if (!drawn_) return;
  const std::string bytes = to_new_row();
  [[maybe_unused]] const auto ignored = ::write(output_, bytes.data(), bytes.size());
}

// Adds to each handler what the prompt needs. Enter moves the cursor to a new row; Ctrl-D does not.
console_handlers simple_console::wrapped(console_handlers handlers) {
  handlers.line = [this, line = std::move(handlers.line)](std::string_view text) {
    drawn_ = false;
    redraw_.schedule();
    line(text);
  };
  handlers.end = [this, end = std::move(handlers.end)] {
    ended_ = true;
    end_prompt_row();
    end();
  };
  return handlers;
}

void simple_console::show(std::string_view text, look kind) {
  end_prompt_row();
  lines_.show(text, kind);
}

void simple_console::prompt(std::string_view text) {
  end_prompt_row();
  prompt_ = jalon::printable(text);
}

void simple_console::pause(bool paused) { lines_.pause(paused); }

void simple_console::end_prompt_row() {
  if (!std::exchange(drawn_, false)) return;
  lines_.put(to_new_row());
  redraw_.schedule();
}

// Text that moves the cursor to the start of a row: the row of the prompt if nothing is typed
// behind it, otherwise the next row. This program does not know which is the case. So it writes as
// many blanks as have room behind the prompt. If something is typed, the last blanks wrap into the
// next row; if not, the cursor stays at the margin. "\r" then goes to the start of the row.
std::string simple_console::to_new_row() const {
  const std::size_t columns = moves_cursor() ? columns_of(output_) : 0;
  const std::size_t taken = width(prompt_);
  if (columns <= taken) return "\n";
  return std::string(columns - taken, ' ') + "\r\033[K";
}

void simple_console::draw_prompt() {
  if (ended_) return;
  drawn_ = true;
  lines_.put(prompt_);
}

}  // namespace program
