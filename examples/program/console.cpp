// Chooses the kind of console by what standard input and output are.
#include "console.hpp"

#include <unistd.h>

#include <utility>

#include <jalon/utf8.hpp>

namespace program {

namespace {

// Bytes. Readline 8.2 crashes if a prompt has tens of thousands.
constexpr std::size_t most_of_prompt = 128;

using kinds = std::variant<pipe_console, console_at_terminal>;

kinds choose(jalon::reactor& loop, console_handlers handlers) {
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1)
    return kinds(std::in_place_type<console_at_terminal>, loop, std::move(handlers));
  return kinds(std::in_place_type<pipe_console>, loop, std::move(handlers), STDIN_FILENO,
               STDOUT_FILENO);
}

}  // namespace

console::console(jalon::reactor& loop, console_handlers handlers)
    : console_(choose(loop, std::move(handlers))) {}

void console::show(std::string_view text, look kind) {
  std::visit([&](auto& used) { used.show(text, kind); }, console_);
}

void console::prompt(std::string_view text) {
  const auto shown = jalon::utf8_prefix(text, most_of_prompt);
  std::visit([&](auto& used) { used.prompt(shown); }, console_);
}

line_begin console::begun() const noexcept {
  return std::visit([](const auto& used) { return used.begun(); }, console_);
}

void console::progress(std::string_view text) {
  std::visit([&](auto& used) { used.progress(text); }, console_);
}

void console::pause(bool paused) {
  std::visit([&](auto& used) { used.pause(paused); }, console_);
}

bool console::interactive() const noexcept {
  return std::holds_alternative<console_at_terminal>(console_);
}

}  // namespace program
