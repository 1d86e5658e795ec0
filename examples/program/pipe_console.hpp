// The console when standard input or output is not a terminal: plain lines.
#pragma once

#include <string_view>

#include <jalon/buffer.hpp>
#include <jalon/frame.hpp>
#include <jalon/line_codec.hpp>
#include <jalon/reactor.hpp>

#include "console_handlers.hpp"

namespace program {

/// Reads and writes lines through pipes and files. A last line without LF is a line too.
///
/// It reads only when poll(2) reports that this will not block. It does not make the descriptor
/// non-blocking: that flag belongs to the open file description, which the shell and other programs
/// share, and it would remain set when this program has ended.
class pipe_console {
 public:
  /// Reads from @p input and writes to @p output, which both outlive it.
  pipe_console(jalon::reactor& loop, console_handlers handlers, int input, int output);
  pipe_console(const pipe_console&) = delete;
  pipe_console& operator=(const pipe_console&) = delete;

  void show(std::string_view text, look kind);              ///< as `console` has it
  void prompt(std::string_view) noexcept {}                 ///< not shown
  void progress(std::string_view) noexcept {}               ///< not shown
  line_begin begun() const noexcept { return begun_last; }  ///< as `console` has it
  void pause(bool paused);                                  ///< as `console` has it
  void put(std::string_view bytes);                         ///< writes them as they are

 private:
  void read();
  void deliver();
  void take(const jalon::frame& line);
  void end();

  console_handlers handlers_;
  int input_;
  int output_;
  jalon::buffer in_;
  jalon::line_codec codec_;
  bool input_ended_ = false;  // everything is read
  bool ended_ = false;        // and `handlers_.end` was called
  bool paused_ = false;
  jalon::reactor::watch_type watch_;
};

}  // namespace program
