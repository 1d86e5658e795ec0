// Chooses the console that fits what standard input and output are.
#include "console.hpp"

#include <unistd.h>

#include <utility>

namespace program {

namespace {

using both = std::variant<pipe_console, console_at_terminal>;

both choose(jalon::reactor& loop, console_handlers called) {
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1)
    return both(std::in_place_type<console_at_terminal>, loop, std::move(called));
  return both(std::in_place_type<pipe_console>, loop, std::move(called), STDIN_FILENO,
              STDOUT_FILENO);
}

}  // namespace

console::console(jalon::reactor& loop, console_handlers called)
    : how_(choose(loop, std::move(called))) {}

void console::show(std::string_view text, look kind) {
  std::visit([&](auto& one) { one.show(text, kind); }, how_);
}

void console::prompt(std::string_view text) {
  std::visit([&](auto& one) { one.prompt(text); }, how_);
}

void console::progress(std::string_view text) {
  std::visit([&](auto& one) { one.progress(text); }, how_);
}

void console::pause(bool paused) {
  std::visit([&](auto& one) { one.pause(paused); }, how_);
}

bool console::interactive() const noexcept {
  return std::holds_alternative<console_at_terminal>(how_);
}

}  // namespace program
