// Standard input and output when both are a terminal, and Readline is not there to edit the line.
// The terminal edits it: what is being typed is not known here until Enter is pressed.
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>

#include <jalon/event_loop.hpp>
#include <jalon/reactor.hpp>

#include "console_handlers.hpp"
#include "pipe_console.hpp"

namespace program {

/// A terminal in canonical mode (termios(3)): its driver keeps the line until Enter is pressed, and
/// obeys Backspace, Ctrl-W (erase a word), Ctrl-U (erase the line) and Ctrl-D (end of input). What
/// is shown in the middle of a line begins a row of its own, and the rest is typed below it:
///
///     alice> half a li           here a message comes
///     [bob] : hello
///     alice> ne                  Enter sends "half a line"
///
/// What is lost, compared with `terminal_console`: the half-typed line is not drawn again (on
/// Linux, Ctrl-R shows it), and there is no cursor movement, no history, no completion by Tab, no
/// colour and no progress line. Linux takes at most 4,095 bytes a line.
///
/// The settings of the terminal stay as they are, so signals do what they do to any program.
class simple_console {
 public:
  /// Reads from @p input and writes to @p output, which both outlive it and are a terminal.
  simple_console(jalon::reactor& loop, console_handlers called, int input = STDIN_FILENO,
                 int output = STDOUT_FILENO);
  simple_console(const simple_console&) = delete;
  simple_console& operator=(const simple_console&) = delete;
  ~simple_console();

  void show(std::string_view text, look kind);  ///< as `console` has it
  void prompt(std::string_view text);           ///< as `console` has it
  void progress(std::string_view) noexcept {}   ///< nothing to see
  void pause(bool paused);                      ///< as `console` has it

 private:
  console_handlers observed(console_handlers called);
  void leave_prompt();
  std::string fresh_row() const;
  void draw_prompt();

  int output_;
  std::string prompt_ = "> ";
  bool drawn_ = false;  // the prompt is the last that was written
  bool ended_ = false;  // nothing more will be typed
  jalon::deferred redraw_;
  pipe_console lines_;
};

}  // namespace program
