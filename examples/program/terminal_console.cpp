// Line editing by GNU Readline. No other file includes it.
#include "terminal_console.hpp"

#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <utility>

// Readline's headers need <cstdio> before them.
#include <readline/history.h>
#include <readline/readline.h>

#include <jalon/printable.hpp>
#include <jalon/utf8.hpp>

namespace program {

namespace {

// The chat uses UTF-8. If the locale does not, for example because none is set, Readline would read
// a letter with an accent as two unknown keys.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

// Colours by number: ECMA-48, "select graphic rendition".
std::string_view colour_of(look kind) {
  switch (kind) {
    case look::plain:
      break;
    case look::server:
      return "36";  // cyan
    case look::message:
      return "32";  // green
    case look::failure:
      return "31";  // red
  }
  return "";
}

std::string coloured(std::string_view colour, std::string text) {
  if (colour.empty()) return text;
  return "\033[" + std::string(colour) + 'm' + text + "\033[m";
}

// The longest prefix of @p text that fits into so many columns. A character takes 0 to 2 columns.
std::string_view cut(std::string_view text, int columns) {
  std::size_t kept = 0;
  while (kept < text.size()) {
    const auto [code_point, length] = jalon::decode_utf8(text.substr(kept));
    columns -= std::max(0, ::wcwidth(static_cast<wchar_t>(code_point)));
    if (columns < 0) break;
    kept += std::max<std::size_t>(length, 1);
  }
  return text.substr(0, kept);
}

int screen_width() {
  int rows = 0;
  int columns = 0;
  rl_get_screen_size(&rows, &columns);
  return columns;
}

// Gives a signal its default effect.
void raise_by_default(int signal) {
  struct sigaction by_default {};
  struct sigaction ours {};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(signal, &by_default, &ours);
  ::raise(signal);
  ::sigaction(signal, &ours, nullptr);  // reached if the program was stopped and continued
}

}  // namespace

// Readline passes no user data to the functions that it calls, so a static pointer is needed.
struct terminal_console::readline_calls {
  static inline terminal_console* user = nullptr;

  static void install(terminal_console& of) {
    user = &of;
    rl_readline_name = "jalon";
    rl_catch_signals = 0;  // the loop handles them
    rl_catch_sigwinch = 0;
    rl_change_environment = 0;
    rl_completer_word_break_characters = " ";
    rl_attempted_completion_function = &complete;
    rl_completion_display_matches_hook = &show_words;
    rl_initialize();
    use_utf8();
    rl_bind_key('\r', &enter);
    rl_bind_key('\n', &enter);
  }

  // Called with a line, or null at the end of the input. The line is processed after Readline has
  // returned: a handler may throw, and an exception must not pass through C code.
  static void take_line(char* line) {
    if (line == nullptr) return user->restore();
    if (*line != '\0' && !is_last_of_history(line)) add_history(line);
    user->typed_.emplace_back(line);
    ::free(line);
  }

  static bool is_last_of_history(const char* line) {
    const HIST_ENTRY* const last = history_get(history_base + history_length - 1);
    return last != nullptr && std::string_view(last->line) == line;
  }

  // The entered line stays on the screen and scrolls away; the progress line is erased.
  static int enter(int count, int key) {
    user->hide();
    const std::string progress = std::exchange(user->progress_, {});
    user->draw();
    user->progress_ = progress;
    return rl_newline(count, key);
  }

  static char** complete(const char* word, int start, int /*end*/) {
    rl_attempted_completion_over = 1;  // do not complete file names
    if (!user->handlers_.words) return nullptr;
    user->words_ = user->handlers_.words({rl_line_buffer, static_cast<std::size_t>(start)});
    return rl_completion_matches(word, &next_word);
  }

  // Called until it returns null; Readline frees what is returned.
  static char* next_word(const char* typed, int /*state*/) {
    while (!user->words_.empty()) {
      const std::string word = std::move(user->words_.back());
      user->words_.pop_back();
      if (word.starts_with(typed)) return ::strdup(word.c_str());
    }
    return nullptr;
  }

  static void show_words(char** matches, int count, int /*longest*/) {
    std::string line;
    for (int i = 1; i <= count; ++i) line += matches[i] + std::string("  ");
    user->show(line, look::plain);
    user->draw();
  }
};

terminal_console::terminal_console(jalon::reactor& loop, console_handlers handlers)
    : handlers_(std::move(handlers)),
      moves_(moves_cursor()),
      colours_(moves_ && environment("NO_COLOR").empty()),
      redraw_(loop.deferrals(), [this] { draw(); }),
      signals_{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH} {
  signal_watch_ = loop.watch(
      signals_.fd(), jalon::io_events::read,
      [this](jalon::io_events) {
        while (const auto number = signals_.next()) on_signal(*number);
      },
      "signals");
  key_watch_ = loop.watch(
      STDIN_FILENO, jalon::io_events::read, [this](jalon::io_events) { read_key(); }, "keyboard");
  readline_calls::install(*this);
  rl_callback_handler_install(as_prompt("> ").c_str(), &readline_calls::take_line);
}

terminal_console::~terminal_console() { restore(); }

void terminal_console::show(std::string_view text, look kind) {
  hide();
  put(coloured(colours_ ? colour_of(kind) : "", jalon::printable(text)) + '\n');
}

void terminal_console::prompt(std::string_view text) {
  if (!editing_) return;
  hide();
  rl_set_prompt(as_prompt(text).c_str());
}

void terminal_console::progress(std::string_view text) {
  if (!moves_) return;
  hide();
  progress_ = jalon::printable(text);
}

void terminal_console::pause(bool paused) {
  if (!editing_) return;
  key_watch_.set_interest(paused ? jalon::io_events::none : jalon::io_events::read);
}

// Pasted text comes as a single line that contains line ends.
void terminal_console::read_key() {
  draw();  // Readline redraws only what a key has changed
  rl_callback_read_char();
  for (const std::string& text : std::exchange(typed_, {})) {
    std::string_view rest = text;
    for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
      handlers_.line(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    handlers_.line(rest);
  }
  if (!editing_) end();
}

void terminal_console::on_signal(int number) {
  if (number == SIGTSTP) return suspend();
  if (number == SIGWINCH) {
    hide();
    return rl_reset_screen_size();
  }
  if (number != SIGINT || ended_) return end_by(number);
  end();
}

void terminal_console::end() {
  restore();
  key_watch_.drop();
  if (!std::exchange(ended_, true)) handlers_.end();
}

// By the signal itself and not by an exit status, so that the shell knows the cause.
void terminal_console::end_by(int signal) {
  restore();
  raise_by_default(signal);
}

void terminal_console::suspend() {
  hide();
  if (editing_) rl_cleanup_after_signal();
  raise_by_default(SIGTSTP);
  if (editing_) rl_reset_after_signal();
}

void terminal_console::restore() noexcept {
  if (!editing_) return;
  hide();
  editing_ = false;
  rl_callback_handler_remove();
}

void terminal_console::hide() {
  if (!editing_ || !drawn_) return;
  drawn_ = false;
  redraw_.schedule();
  if (!moves_) return put("\n");
  rl_clear_visible_line();
  if (progress_drawn_) put("\033[A\r\033[K");  // up, to its start, clear it
}

void terminal_console::draw() {
  if (!editing_ || drawn_) return;
  drawn_ = true;
  progress_drawn_ = !progress_.empty();
  if (progress_drawn_) put(std::string(cut(progress_, screen_width() - 1)) + '\n');
  rl_on_new_line();
  rl_redisplay();
}

// Characters between \001 and \002 take no column; Readline has to know that.
std::string terminal_console::as_prompt(std::string_view text) const {
  const std::string shown = jalon::printable(text);
  return colours_ ? "\001\033[1m\002" + shown + "\001\033[m\002" : shown;
}

// Uses stdout, as Readline does. Errors are ignored: a terminal that cannot be written to is gone,
// and SIGHUP will follow.
void terminal_console::put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace program
