// Line editing by GNU Readline. No other file includes it.
#include "terminal_console.hpp"

#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <initializer_list>
#include <iterator>
#include <utility>

// Readline's headers need <cstdio> before them.
#include <readline/history.h>
#include <readline/readline.h>

#include <jalon/error.hpp>
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

// Those of these signals that are not ignored. Who starts a program with an ignored signal, as
// nohup(1) does, does not want the program to react to it.
std::vector<int> not_ignored(std::initializer_list<int> signals) {
  std::vector<int> kept;
  std::copy_if(signals.begin(), signals.end(), std::back_inserter(kept), [](int signal) {
    struct sigaction now {};
    return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN;
  });
  return kept;
}

int screen_width() {
  int rows = 0;
  int columns = 0;
  rl_get_screen_size(&rows, &columns);
  return columns;
}

// Readline 8.2 divides by zero on a screen of one column, and reads outside its buffers on one of a
// few. What it draws for a wider screen than there is looks wrong there, and no more.
void fit_screen() {
  constexpr int fewest_rows = 2;
  constexpr int fewest_columns = 20;
  rl_reset_screen_size();
  int rows = 0;
  int columns = 0;
  rl_get_screen_size(&rows, &columns);
  if (rows < fewest_rows || columns < fewest_columns)
    rl_set_screen_size(std::max(rows, fewest_rows), std::max(columns, fewest_columns));
}

bool is_in_background() {
  const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
  return foreground != -1 && foreground != ::getpgrp();
}

bool has_unread_keys() {
  int bytes = 0;
  return ::ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 && bytes > 0;
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
  static constexpr int most_remembered = 1'000;  // lines of the history
  static constexpr unsigned char escape = '\033';
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
    rl_getc_function = &next_byte;
    rl_input_available_hook = &is_byte_here;
    rl_prep_term_function = &prepare;
    rl_deprep_term_function = &unprepare;
    rl_initialize();
    // Readline 8.2 reads behind its buffers if the prompt is longer than a line that it scrolls.
    rl_variable_bind("horizontal-scroll-mode", "off");
    // It frees what it has undone a second time if a search has changed the line.
    rl_variable_bind("revert-all-at-newline", "off");
    fit_screen();
    use_utf8();
    stifle_history(most_remembered);
    rl_bind_key('\r', &enter);
    rl_bind_key('\n', &enter);
    take_over_pastes();
    disarm_macros();
    disarm_silent_searches();
  }

  // Readline reads a paste to its end in one call, and waits for that. So `typed_keys` finds pastes
  // instead, and the terminal is told by `prepare` to mark them, if the user wants that.
  static void take_over_pastes() {
    constexpr auto* variable = "enable-bracketed-paste";
    const char* const wanted = rl_variable_value(variable);
    user->brackets_pastes_ =
        user->moves_ && (wanted == nullptr || std::string_view(wanted) == "on");
    rl_variable_bind(variable, "off");
  }

  // A recorded macro is replayed within one call of Readline, so no line of it would wait for the
  // answer to the one before, and `pause` would have no effect.
  static void disarm_macros() {
    unbind({rl_start_kbd_macro, rl_end_kbd_macro, rl_call_last_kbd_macro, rl_print_last_kbd_macro});
  }

  // The searches that show nothing until Enter put the line found in the place of what was typed,
  // and Readline 8.2 then frees the typed line's list of changes twice. Ctrl-R is another search.
  static void disarm_silent_searches() {
    unbind({rl_noninc_forward_search, rl_noninc_reverse_search, rl_noninc_forward_search_again,
            rl_noninc_reverse_search_again, rl_vi_search, rl_vi_search_again});
  }

  static void unbind(std::initializer_list<rl_command_func_t*> functions) {
    for (Keymap map : {emacs_standard_keymap, emacs_meta_keymap, emacs_ctlx_keymap,
                       vi_insertion_keymap, vi_movement_keymap}) {
      for (rl_command_func_t* of : functions) rl_unbind_function_in_map(of, map);
    }
  }

  // Ends an incremental search before a key that is the first of several, as Ctrl-X is.
  // Readline 8.2 uses a null pointer if such keys end the search and mean nothing.
  static void end_search_before_keys() {
    const auto key = user->keys_.peek();
    if (!RL_ISSTATE(RL_STATE_ISEARCH) || !key || *key == escape) return;
    if (rl_get_keymap()[*key].type == ISKMAP) rl_callback_sigcleanup();
  }

  // Ends a key that waits for another one, or a search, so that what follows is none of their keys.
  static void end_half_key() {
    if (RL_ISSTATE(RL_STATE_NSEARCH)) {  // ended by Ctrl-G, it gives the line back
      rl_execute_next('\a');
      rl_callback_read_char();
    }
    if (RL_ISSTATE(RL_STATE_NUMERICARG)) {
      rl_restore_prompt();
      rl_clear_message();
    }
    rl_callback_sigcleanup();
    rl_explicit_arg = 0;
    rl_numeric_arg = 1;
  }

  // Some functions of Readline ask for further keys. If there are none yet, the end of the input
  // makes the function give up; to wait would block the loop.
  static int next_byte(FILE* /*terminal*/) {
    const auto byte = user->keys_.next_byte();
    return byte ? int{*byte} : EOF;
  }

  static int is_byte_here() { return user->keys_.has_byte() ? 1 : 0; }

  static void prepare(int meta) {
    rl_prep_terminal(meta);
    stop_flow_control();
    if (user->brackets_pastes_) user->put("\033[?2004h");
  }

  // Otherwise Ctrl-S would have the terminal take no more output, and write(2) would block the
  // loop until Ctrl-Q. Readline restores the setting.
  static void stop_flow_control() {
    termios settings{};
    if (::tcgetattr(STDIN_FILENO, &settings) == -1) return;
    settings.c_iflag &= ~static_cast<tcflag_t>(IXON);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  }

  static void unprepare() {
    if (user->brackets_pastes_) user->put("\033[?2004l\r");
    rl_deprep_terminal();
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
      loop_(loop),
      redraw_(loop.deferrals(), [this] { draw(); }),
      resumed_(
          loop.deferrals(), [this] { use_keys(); }, jalon::deferral_stage::after_input),
      signals_(not_ignored({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH})) {
  signal_watch_ = loop.watch(
      signals_.fd(), jalon::io_events::read,
      [this](jalon::io_events) {
        while (const auto number = signals_.next()) on_signal(*number);
      },
      "signals");
  key_watch_ = loop.watch(
      STDIN_FILENO, jalon::io_events::read, [this](jalon::io_events) { read_keys(); }, "keyboard");
  readline_calls::install(*this);
  rl_callback_handler_install(as_prompt("> ").c_str(), &readline_calls::take_line);
}

terminal_console::~terminal_console() { restore(); }

void terminal_console::show(std::string_view text, look kind) {
  hide();
  put(coloured(colours_ ? colour_of(kind) : "", jalon::printable(text)) + '\n');
}

void terminal_console::prompt(std::string_view text) {
  ++prompts_;
  if (!editing_) return;
  if (!has_typed()) begun_ = prompts_;
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
  paused_ = paused;
  watch_keys();
  if (!paused) resumed_.schedule();
}

void terminal_console::watch_keys() {
  const bool reads = !paused_ && !in_background_;
  key_watch_.set_interest(reads ? jalon::io_events::read : jalon::io_events::none);
}

// A terminal that cannot be read is gone.
void terminal_console::read_keys() {
  char bytes[4'096];
  const auto got = jalon::uninterrupted([&] { return ::read(STDIN_FILENO, bytes, sizeof bytes); });
  if (got == -1 && errno == EAGAIN) return;
  if (got <= 0) return end();
  keys_.add({bytes, static_cast<std::size_t>(got)});
  use_keys();
}

void terminal_console::use_keys() {
  while (editing_ && !paused_ && !in_background_) {
    if (keys_.take_paste_begin()) readline_calls::end_half_key();
    if (keys_.pasting()) {
      insert_pasted();
      if (keys_.pasting()) return;
    } else if (keys_.has_byte()) {
      use_key();
    } else {
      return;
    }
  }
  if (!editing_) end();
}

void terminal_console::use_key() {
  draw();  // Readline redraws only what a key has changed
  readline_calls::end_search_before_keys();
  rl_callback_read_char();
  deliver_lines();
  if (begun_ != prompts_ && !has_typed()) begun_ = prompts_;
}

// Whether a part of a line has been typed, or a line that is being delivered. Keys that Readline
// has not been given yet count too, and so do those that are not read: while the console is paused,
// or busy, they wait in the terminal.
bool terminal_console::has_typed() const {
  return rl_end > 0 || !typed_.empty() || keys_.pasting() || !keys_.empty() || has_unread_keys();
}

// Pasted line ends are CR. Readline takes C strings, in which NUL is the end.
void terminal_console::insert_pasted() {
  std::string text = keys_.take_pasted();
  if (text.empty()) return;
  std::replace(text.begin(), text.end(), '\r', '\n');
  std::erase(text, '\0');
  draw();
  rl_insert_text(text.c_str());
  rl_redisplay();
}

// Pasted text comes as a single line that contains line ends.
void terminal_console::deliver_lines() {
  for (const std::string& text : typed_) {
    std::string_view rest = text;
    for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
      handlers_.line(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    handlers_.line(rest);
  }
  typed_.clear();
}

void terminal_console::on_signal(int number) {
  if (number == SIGTSTP) return suspend();
  if (number == SIGCONT) return go_on();
  if (number == SIGWINCH) {
    hide();
    return fit_screen();
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
  go_on();
}

// While the program was stopped, others have used the terminal, and may have resized it: SIGWINCH
// is sent to the programs in the foreground only. In the background, to set the terminal or to read
// from it would stop the program again (SIGTTOU, SIGTTIN).
void terminal_console::go_on() {
  if (!editing_) return;
  in_background_ = is_in_background();
  watch_keys();
  if (in_background_) return look_for_foreground();
  hide();
  rl_cleanup_after_signal();
  rl_reset_after_signal();
  fit_screen();
  redraw_.schedule();
  resumed_.schedule();
}

// A shell sends no signal to a program that runs already when it gives it the terminal.
void terminal_console::look_for_foreground() {
  foreground_check_ = loop_.at(loop_.now() + std::chrono::milliseconds(200), [this] { go_on(); });
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
  if (!editing_ || drawn_ || in_background_) return;
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
