// The console when standard input and output are a terminal, with line editing by GNU Readline.
// Readline is included by terminal_console.cpp alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/event_loop.hpp>
#include <jalon/reactor.hpp>
#include <jalon/signal_set.hpp>

#include "console_handlers.hpp"
#include "typed_keys.hpp"

namespace program {

/// A terminal whose last line is the line that is being typed:
///
///     [bob] : a message                                  shown, and scrolls away
///     notes.txt: 42 % of 9.6 MB, 3.1 MB/s, 2 s left      the progress line, if there is one
///     alice> the line that is being ty_                  drawn by Readline
///
/// A line that is shown replaces the lowest lines, and at the end of the loop's turn these are
/// drawn again below it. So many messages in one turn cause one redrawing.
///
/// Ctrl-D on an empty line ends the input. Ctrl-C does too; pressed again, it ends the program, as
/// do SIGTERM, SIGHUP and SIGQUIT. However the program ends, the terminal is restored. A signal
/// that was ignored when the program began, as after `trap '' INT`, remains without effect.
///
/// Readline never waits for the terminal: it is given the keys that have come. Pasted text is put
/// into the line as it comes; if it has several lines, Enter sends them all. Keyboard macros are
/// not recorded. On a screen of fewer than 20 columns, the lowest lines are drawn as for 20. There
/// can be only one in a process, because Readline has only one line.
class terminal_console {
 public:
  /// Prepares the terminal for line editing.
  terminal_console(jalon::reactor& loop, console_handlers handlers);
  terminal_console(const terminal_console&) = delete;
  terminal_console& operator=(const terminal_console&) = delete;
  ~terminal_console();

  void show(std::string_view text, look kind);          ///< as `console` has it
  void prompt(std::string_view text);                   ///< as `console` has it
  void progress(std::string_view text);                 ///< as `console` has it
  void pause(bool paused);                              ///< as `console` has it
  line_begin begun() const noexcept { return begun_; }  ///< as `console` has it

 private:
  struct readline_calls;  // the functions that Readline calls

  void read_keys();
  void use_keys();
  void use_key();
  bool has_typed() const;
  void insert_pasted();
  void deliver_lines();
  void on_signal(int number);
  void end();
  void end_by(int signal);
  void suspend();
  void go_on();
  void restore() noexcept;

  void hide();  // erases the lowest lines until the end of the turn
  void draw();  // draws them again
  void put(std::string_view text);
  std::string as_prompt(std::string_view text) const;

  console_handlers handlers_;
  bool moves_;    // the terminal can move its cursor up and clear a line
  bool colours_;  // and the user wants colours
  std::string progress_;
  bool drawn_ = true;               // the lowest lines are on the screen
  bool progress_drawn_ = false;     // and the progress line is one of them
  bool editing_ = true;             // Readline uses the terminal
  bool ended_ = false;              // `handlers_.end` has been called
  bool paused_ = false;             // no lines are taken
  bool brackets_pastes_ = false;    // the terminal marks the begin and the end of pasted text
  typed_keys keys_;                 // that Readline has not read yet
  std::uint64_t prompts_ = 0;       // calls of `prompt`
  std::uint64_t begun_ = 0;         // how many of these when the line that is typed was begun
  std::vector<std::string> typed_;  // lines that Readline has returned
  std::vector<std::string> words_;  // that Readline has not asked for yet
  jalon::deferred redraw_;
  jalon::deferred resumed_;
  jalon::signal_set signals_;
  jalon::reactor::watch_type signal_watch_;
  jalon::reactor::watch_type key_watch_;
};

}  // namespace program
