// The console when standard input and output are a terminal, for programs without Readline.
// The terminal edits the line, so this program does not know what is being typed before Enter.
#pragma once

#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include <jalon/event_loop.hpp>
#include <jalon/reactor.hpp>

#include "console_handlers.hpp"
#include "pipe_console.hpp"

namespace program {

/// A terminal in canonical mode (termios(3)): its driver keeps the line until Enter is pressed, and
/// handles Backspace, Ctrl-W (erase a word), Ctrl-U (erase the line) and Ctrl-D (end of input). A
/// line that is shown while the user types begins on a new row, and the user goes on below it:
///
///     alice> half a li           a message comes here
///     [bob] : hello
///     alice> ne                  Enter sends "half a line"
///
/// Compared with `terminal_console`, the half-typed line is not drawn again (on Linux, Ctrl-R shows
/// it), and there is no cursor movement, no history, no completion by Tab, no colour and no
/// progress line. Linux accepts at most 4,095 bytes a line.
///
/// The settings of the terminal are not changed, so signals have their usual effects.
class simple_console {
 public:
  /// Reads from @p input and writes to @p output, which both outlive it and are a terminal.
  simple_console(jalon::reactor& loop, console_handlers handlers, int input = STDIN_FILENO,
                 int output = STDOUT_FILENO);
  simple_console(const simple_console&) = delete;
  simple_console& operator=(const simple_console&) = delete;
  ~simple_console();

  void show(std::string_view text, look kind);                ///< as `console` has it
  void prompt(std::string_view text);                         ///< as `console` has it
  void progress(std::string_view) noexcept {}                 ///< not shown
  void pause(bool paused);                                    ///< as `console` has it
  line_begin begun() const noexcept { return std::nullopt; }  ///< as `console` has it

 private:
  console_handlers wrapped(console_handlers handlers);
  void end_prompt_row();
  std::string to_new_row() const;
  void draw_prompt();

  int output_;
  std::string prompt_ = "> ";
  bool drawn_ = false;  // the prompt is the last text that was written
  bool ended_ = false;  // nothing more will be typed
  jalon::deferred redraw_;
  pipe_console lines_;
};

}  // namespace program
