// The user's side of a client: typed lines come in, lines to be shown go out.
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

/// Standard input and output of a client. If both are a terminal, the user has line editing, a
/// history, colours and a prompt; without Readline, a prompt and the line editing of the terminal.
/// Otherwise, as in scripts and tests, plain lines are read and written. All that is shown passes
/// through `jalon::printable`, so that no message can move the cursor.
///
/// To be used on the loop's thread. The loop waits with `poll`, since standard input may be a file.
/// The handlers may call the console, and must not destroy it.
class console {
 public:
  /// Begins to read, and calls @p handlers.
  console(jalon::reactor& loop, console_handlers handlers);

  /// Shows a line. The line that is being typed is kept.
  void show(std::string_view text, look kind = look::plain);

  /// Sets the text before the line that is being typed; at a terminal only. At most 128 bytes of
  /// it are used.
  void prompt(std::string_view text);

  /// While `console_handlers::line` runs: after how many calls of `prompt` that line was begun.
  /// Keys that were pressed before a call, and were not read until after it, were pressed before
  /// it.
  line_begin begun() const noexcept;

  /// Sets the line above the prompt that shows progress; empty for none. At a terminal only.
  void progress(std::string_view text);

  /// Stops reading, or resumes it. For the time in which typed lines cannot be processed.
  void pause(bool paused);

  /// Whether there is a terminal.
  bool interactive() const noexcept;

 private:
  std::variant<pipe_console, console_at_terminal> console_;
};

}  // namespace program
