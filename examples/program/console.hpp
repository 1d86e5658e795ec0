// The user's side of a client: lines that are typed come in, lines to be seen go out.
// What a line means is not known here, and no server.
#pragma once

#include <string_view>
#include <variant>

#include <jalon/reactor.hpp>

#include "pipe_console.hpp"

#ifdef JALON_EXAMPLES_WITH_READLINE
#include "terminal_console.hpp"
#else
#include "simple_console.hpp"
#endif

namespace program {

#ifdef JALON_EXAMPLES_WITH_READLINE
using console_at_terminal = terminal_console;
#else
using console_at_terminal = simple_console;
#endif

/// Standard input and output, as a user has them: a terminal with line editing, a history, colours
/// and a prompt if both are one; plain lines otherwise, as scripts and tests want them. Without
/// Readline a terminal has a prompt, and edits the line itself. What is shown goes through
/// `jalon::printable`: nobody's message moves a user's cursor.
///
/// For the loop's thread; the loop is a `poll` one, since standard input may be a file. Its
/// handlers may call it, and may not destroy it.
class console {
 public:
  /// Begins to read, for @p called.
  console(jalon::reactor& loop, console_handlers called);

  /// Shows a line. The line that is being typed loses nothing.
  void show(std::string_view text, look kind = look::plain);

  /// What stands before the line that is being typed; only at a terminal.
  void prompt(std::string_view text);

  /// A line that is shown above the prompt and changes, for what takes time; empty for none. Only
  /// at a terminal.
  void progress(std::string_view text);

  /// Stops reading, or goes on: for the time in which what was typed can't be taken care of.
  void pause(bool paused);

  /// Whether there is a terminal.
  bool interactive() const noexcept;

 private:
  std::variant<pipe_console, console_at_terminal> how_;
};

}  // namespace program
