// Standard input and output when both are a terminal.
// GNU Readline, which edits the line, is in terminal_console.cpp alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <jalon/event_loop.hpp>
#include <jalon/reactor.hpp>
#include <jalon/signal_set.hpp>

#include "console_handlers.hpp"

namespace program {

/// A terminal with a line that is being typed at its bottom:
///
///     [bob] : what has come                              shown, and scrolls away
///     notes.txt: 42 % of 9.6 MB, 3.1 MB/s, 2 s left      the progress line, if there is one
///     alice> the line that is being ty_                  Readline's
///
/// What is shown takes the place of the lowest lines, and at the end of the loop's turn these are
/// drawn again below it. So many messages in one turn cost one redrawing.
///
/// Ctrl-D on an empty line ends the input. Ctrl-C does too, and pressed again it ends the program;
/// so do SIGTERM, SIGHUP and SIGQUIT. Whichever way it ends, the terminal is as it was before.
/// There can be one in a process: Readline has one line.
class terminal_console {
 public:
  /// Takes the terminal over.
  terminal_console(jalon::reactor& loop, console_handlers called);
  terminal_console(const terminal_console&) = delete;
  terminal_console& operator=(const terminal_console&) = delete;
  ~terminal_console();

  void show(std::string_view text, look kind);  ///< as `console` has it
  void prompt(std::string_view text);           ///< as `console` has it
  void progress(std::string_view text);         ///< as `console` has it
  void pause(bool paused);                      ///< as `console` has it

 private:
  struct readline_calls;  // what Readline calls

  void read_key();
  void on_signal(int number);
  void end();
  void die_of(int signal);
  void suspend();
  void restore() noexcept;

  void hide();  // takes the lowest lines off the screen, until the end of the turn
  void draw();  // puts them there again
  void put(std::string_view text);
  std::string as_prompt(std::string_view text) const;

  console_handlers handlers_;
  bool moves_;    // the terminal can move its cursor up and clear a line
  bool colours_;  // and the user wants to see it in colours
  std::string progress_;
  bool drawn_ = true;               // the lowest lines are on the screen
  bool progress_drawn_ = false;     // and the progress line is among them
  bool editing_ = true;             // Readline has the terminal
  bool ended_ = false;              // `handlers_.end` has been called
  std::vector<std::string> typed_;  // lines that Readline has handed over
  std::vector<std::string> words_;  // that Readline has yet to be handed
  jalon::deferred redraw_;
  jalon::signal_set signals_;
  jalon::reactor::watch_type signal_watch_;
  jalon::reactor::watch_type key_watch_;
};

}  // namespace program
