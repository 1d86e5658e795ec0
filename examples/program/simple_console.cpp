// Writes the prompt, and leaves the rest of the line to the terminal.
#include "simple_console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include <jalon/printable.hpp>

namespace program {

namespace {

// How many columns UTF-8 text takes, if each character takes one.
std::size_t width(std::string_view text) {
  const auto begins = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins));
}

std::size_t columns_of(int terminal) {
  winsize size{};
  return ::ioctl(terminal, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

simple_console::simple_console(jalon::reactor& loop, console_handlers called, int input, int output)
    : output_(output),
      redraw_(loop.deferrals(), [this] { draw_prompt(); }),
      lines_(loop, observed(std::move(called)), input, output) {
  redraw_.schedule();
}

// What prints next, say a shell, begins a row too.
simple_console::~simple_console() {
  if (!drawn_) return;
  const std::string bytes = fresh_row();
  [[maybe_unused]] const auto ignored = ::write(output_, bytes.data(), bytes.size());
}

// Enter has moved the cursor to a new row; Ctrl-D has not.
console_handlers simple_console::observed(console_handlers called) {
  called.line = [this, line = std::move(called.line)](std::string_view text) {
    drawn_ = false;
    redraw_.schedule();
    line(text);
  };
  called.end = [this, end = std::move(called.end)] {
    ended_ = true;
    leave_prompt();
    end();
  };
  return called;
}

void simple_console::show(std::string_view text, look kind) {
  leave_prompt();
  lines_.show(text, kind);
}

void simple_console::prompt(std::string_view text) {
  leave_prompt();
  prompt_ = jalon::printable(text);
}

void simple_console::pause(bool paused) { lines_.pause(paused); }

void simple_console::leave_prompt() {
  if (!std::exchange(drawn_, false)) return;
  lines_.put(fresh_row());
  redraw_.schedule();
}

// What moves the cursor to the start of a row: the prompt's, if nothing has been typed behind it,
// and otherwise the next. Whether something has been typed is not known, so as many blanks are
// written as have room behind the prompt alone. If there is more in the row, the last of them wrap
// into the next row; if not, the cursor waits at the margin. "\r" goes to the start of that row.
std::string simple_console::fresh_row() const {
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
