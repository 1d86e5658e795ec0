// The chat as the user's program sees it: typed lines and received lines go in; lines to send and
// lines to show come out. No socket, no terminal and no clock live here. Chapter:
// tutorial/02-users.
//
// Its units (session_commands.hpp, and the commands of each milestone) register the commands that
// they run and the messages that they handle, as the units of the server register requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jalon/json_message.hpp>
#include <jalon/json_reader.hpp>
#include <jalon/utf8.hpp>

#include "field_rules.hpp"
#include "program/console_handlers.hpp"
#include "session_messages.hpp"

namespace chat {

using program::begun_last;
using program::line_begin;
using program::look;

/// What the client asks of the program that runs it.
struct client_host {
  std::function<void(std::string_view line)> send;             ///< to the server, without LF
  std::function<void(std::string_view text, look kind)> show;  ///< one line to the user
  std::function<void(std::string_view text)> prompt;  ///< sets the text before the typed line
  std::function<void(bool behind)> behind;            ///< whether typed lines come too fast
  std::function<void()> finished;                     ///< nothing more will be asked
  /// As `send`, for a line that no user has asked for; if empty, `send` is called.
  std::function<void(std::string_view line)> send_unasked = {};
};

/// A typed line, split at its first blank: `/msg bob  hello` is `/msg` and `bob  hello`.
struct word_and_rest {
  std::string_view word;  ///< up to the blank
  std::string_view rest;  ///< everything behind that one blank, further blanks included
};
inline word_and_rest split_word(std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == text.npos) return {text, {}};
  return {text.substr(0, blank), text.substr(blank + 1)};
}

/// A command that the user may type.
struct command {
  std::string usage;                               ///< `/msg NICK TEXT`
  std::string help;                                ///< what it does, in a few words
  std::function<void(std::string_view rest)> run;  ///< called with the text behind the blank
};

/// One user's side of the chat.
///
/// Typed lines are run one by one: the next line waits until the answer to the last one has come.
/// So a file of commands has the same effect as a person who types them, and what depends on the
/// state (in which channel is the user?) is decided when that state is known.
class client_core {
 public:
  /// @param host outlives the client core
  explicit client_core(client_host host) : host_(std::move(host)) {
    add_command("help", {"/help", "list the commands", [this](std::string_view) { show_help(); }});
    add_command("quit", {"/quit", "leave the chat", [this](std::string_view) { quit_chat(); }});
  }
  client_core(const client_core&) = delete;
  client_core& operator=(const client_core&) = delete;

  // What units call.

  /// Adds a command, by its name without the `/`; replaces a command of the same name.
  void add_command(const std::string& name, command added) { commands_[name] = std::move(added); }

  /// Adds a function that may run a line without a command, and returns whether it did. The
  /// function that was added last is asked first.
  void on_plain_line(std::function<bool(std::string_view)> run) {
    plain_lines_.insert(plain_lines_.begin(), std::move(run));
  }

  /// Has @p unit handle the messages of these types, answers and events, by a public overload for
  /// each of them: `void handle(const joined& message)`.
  template <jalon::message... Messages, class Unit>
  void handle_messages(Unit& unit) {
    (handle_type<Messages>(unit), ...);
  }

  /// Sends a request whose answer the typed lines wait for. @return its id
  template <jalon::message Request>
  std::uint64_t request(const Request& message) {
    waiting_for_ = send(message);
    return *waiting_for_;
  }

  /// Sends a request for a list, whose answer may come in pages. If a list before it has further
  /// pages, it is cut, and the user is told.
  template <jalon::message Request>
  void request_list(const Request& message) {
    if (std::exchange(next_page_, {})) show_list_cut();
    pages_left_ = most_pages;
    request(message);
  }

  /// Has @p ask called, which sends the request for the next page of the list that is being
  /// answered. Typed lines are run before it, so that a long list does not hold up the user. For a
  /// list that the server sends unasked, it is not called. A list is cut after 64 pages, because a
  /// server may say for ever that there is more.
  void request_more(std::function<void()> ask) {
    if (!is_awaited_ || pages_left_ == 0) return;
    if (--pages_left_ == 0) return show_list_cut();
    next_page_ = std::move(ask);
  }

  /// Sends a request whose answer nothing waits for. @return its id
  template <jalon::message Request>
  std::uint64_t send(const Request& message) {
    host_.send(jalon::write_message(message, ++last_id_));
    return last_id_;
  }

  /// The same for a request that the server has caused, and not the user, who need not wait until
  /// the server reads it.
  template <jalon::message Request>
  void send_unasked(const Request& message) {
    const auto& send = host_.send_unasked ? host_.send_unasked : host_.send;
    send(jalon::write_message(message, ++last_id_));
  }

  /// Has @p handler called with the answer to request @p id, instead of the handler of its type;
  /// with null if the answer is an error. The error is shown too.
  template <jalon::message Answer, class Handler>
  void on_answer(std::uint64_t id, Handler handler) {
    answers_[id] = [handler](jalon::json_object object) {
      Answer message;
      const bool is_expected = jalon::read_head(object).type == Answer::type;
      if (is_expected && read_valid(object, message))
        handler(&message);
      else
        handler(nullptr);
      return is_expected;
    };
  }

  /// At the end of the input, the client stays connected while @p still_busy returns true. When
  /// that changes, the unit calls `run_typed_lines`.
  void delay_finish_while(std::function<bool()> still_busy) { still_busy_ = std::move(still_busy); }

  /// Runs the typed lines, up to the first whose answer is awaited. If there are none, asks for the
  /// next page of a list.
  void run_typed_lines() {
    while (!waiting_for_ && !typed_.empty()) {
      const typed_line line = std::move(typed_.front());
      typed_.pop_front();
      begun_ = line.begun;
      run_line(line.text);
    }
    if (!waiting_for_ && next_page_) std::exchange(next_page_, {})();
    report_whether_behind();
    if (may_finish() && !std::exchange(finished_, true)) host_.finished();
  }

  /// Makes a value that obeys a rule from what was typed, or shows what is wrong with it. The value
  /// may be a view of @p text.
  template <class Checked>
  std::optional<Checked> checked(std::string_view text) {
    auto made = Checked::from(text);
    if (!made) show(std::string(Checked::rule::reason), look::failure);
    return made;
  }

  /// The moment at which something is shown that a typed line may mean: how many lines had been
  /// typed, and prompts set.
  struct moment {
    std::uint64_t lines = 0;
    std::uint64_t prompts = 0;
  };

  /// This moment, for lines that are typed whole: who compares when they were begun calls `mark`.
  moment now() const noexcept { return {lines_typed_, prompts_}; }

  /// Marks this moment, also for the console, which only knows of prompts.
  moment mark() { return set_question(question_); }

  /// How many lines have been typed.
  std::uint64_t lines_typed() const noexcept { return lines_typed_; }

  /// Whether the line that is being run was typed before @p shown.
  bool was_typed_before(const moment& shown) const noexcept { return lines_run() <= shown.lines; }

  /// Whether the line that is being run was begun before @p shown. If nobody knows when, it may
  /// have been, unless it was typed after another line.
  bool was_begun_before(const moment& shown) const noexcept {
    if (was_typed_before(shown)) return true;
    return begun_ ? *begun_ < shown.prompts : lines_run() == shown.lines + 1;
  }

  /// Whether it is known when the line that is being run was begun.
  bool knows_begin() const noexcept { return begun_.has_value(); }

  /// Whether the end was reached: everything is asked and answered, and nothing may be sent any
  /// more.
  bool finished() const noexcept { return finished_; }

  /// Shows a line; if it is longer than 16 KiB, its begin.
  void show(const std::string& text, look kind = look::plain) {
    if (text.size() <= most_shown) return host_.show(text, kind);
    host_.show(std::string(jalon::utf8_prefix(text, most_shown)).append(" ..."), kind);
  }

  /// Shows what the server says.
  void show_server(std::string_view text) {
    show(std::string("[Server] : ").append(text), look::server);
  }

  /// Shows how a command is used.
  void show_usage(const std::string& name) {
    show("usage: " + commands_.at(name).usage, look::failure);
  }

  /// The nick that this user has; empty if there is none yet.
  const std::string& nick() const noexcept { return nick_; }

  /// Sets the nick that this user has, and shows it in the prompt.
  void set_nick(const std::string& nick) {
    nick_ = nick;
    if (question_.empty()) show_prompt();
  }

  /// Sets the channel that this user is in, empty for none, and shows it in the prompt.
  void set_channel(const std::string& channel) {
    channel_ = channel;
    if (question_.empty()) show_prompt();
  }

  /// Shows @p question as the prompt, in place of nick and channel; empty for these again. It names
  /// what the next line answers, in the one row that no message can be shown in. @return this
  /// moment
  moment set_question(const std::string& question) {
    question_ = question;
    show_prompt();
    return now();
  }

  /// The channel that this user is in; empty for none.
  const std::string& channel() const noexcept { return channel_; }

  /// Sends `quit`; the server then closes the connection. Lines that are typed after it are
  /// ignored.
  void quit_chat() {
    if (std::exchange(next_page_, {})) show_list_cut();
    typed_.clear();
    input_ended_ = true;
    still_busy_ = {};
    request(quit{});
  }

  // What the program calls.

  /// A line has been typed.
  void typed(std::string_view line, line_begin begun = begun_last) {
    if (!input_ended_) {
      typed_.push_back({std::string(line), begun});
      ++lines_typed_;
    }
    run_typed_lines();
  }

  /// Nothing more will be typed. Once everything is asked and answered, `finished` is called.
  void end_of_input() {
    input_ended_ = true;
    run_typed_lines();
  }

  /// A line has come from the server. The user is told if it is not a message.
  void received(std::string_view line) {
    const auto object = reader_.read(line);
    if (!object || !dispatch(jalon::read_head(*object), *object)) lost_line();
    run_typed_lines();
  }

  /// A line has come that cannot be read: it is too long, or not part of the protocol.
  void lost_line() {
    show("the server said something that is no part of the protocol", look::failure);
  }

  /// The words that may follow @p before in a typed line: the commands, at the start of the line.
  std::vector<std::string> words(std::string_view before) const {
    std::vector<std::string> all;
    if (!before.empty()) return all;
    for (const auto& [name, known] : commands_) all.push_back("/" + name);
    return all;
  }

 private:
  struct typed_line {
    std::string text;
    line_begin begun;
  };
  using message_handler = std::function<bool(jalon::json_object)>;  // false: not readable

  // The most typed lines that may wait, so that a file of commands is not read into memory at once.
  static constexpr std::size_t most_typed = 64;
  static constexpr std::size_t most_pages = 64;  // of one list; each has 2,000 names or so
  static constexpr std::size_t most_shown = std::size_t{16} << 10;  // bytes of one line

  // Reads a message. @return false if it is not as docs/protocol.md says; then it is not handled
  template <jalon::message Message>
  static bool read_valid(jalon::json_object object, Message& message) {
    return !jalon::read_message(object, message) && obeys_field_rules(message);
  }

  template <jalon::message Message, class Unit>
  void handle_type(Unit& unit) {
    handlers_[std::string(Message::type)] = [&unit](jalon::json_object object) {
      Message message;
      const bool readable = read_valid(object, message);
      if (readable) unit.handle(message);
      return readable;
    };
  }

  void report_whether_behind() {
    const bool behind = typed_.size() >= (behind_ ? 1 : most_typed);
    if (std::exchange(behind_, behind) != behind) host_.behind(behind);
  }

  bool may_finish() const {
    return input_ended_ && !waiting_for_ && answers_.empty() && !(still_busy_ && still_busy_());
  }

  void run_line(std::string_view line) {
    if (line.empty()) return;
    if (!jalon::is_utf8(line)) return show("this is not UTF-8", look::failure);
    if (!line.starts_with('/')) return run_plain_line(line);
    const auto [word, rest] = split_word(line.substr(1));
    const auto found = commands_.find(word);
    if (found == commands_.end())
      return show("unknown command /" + std::string(word) + "; /help lists them", look::failure);
    found->second.run(rest);
  }

  void run_plain_line(std::string_view line) {
    for (const auto& run : plain_lines_) {
      if (run(line)) return;
    }
  }

  // @return false if the message cannot be read
  bool dispatch(const jalon::message_head& head, jalon::json_object object) {
    // First, because the handler of the answer may send the next request.
    is_awaited_ = waiting_for_ && head.id == jalon::message_id{*waiting_for_};
    if (is_awaited_) waiting_for_.reset();
    if (!head.type) return false;
    if (dispatch_answer(head, object)) return true;
    const auto found = handlers_.find(*head.type);
    if (found == handlers_.end()) return true;  // a later server may have more messages
    return found->second(object);
  }

  // Passes an answer to the handler that waits for its id. @return false if the handler of its type
  // is to be called: there is no such id, or the answer is an error
  bool dispatch_answer(const jalon::message_head& head, jalon::json_object object) {
    if (!head.id || !std::holds_alternative<std::uint64_t>(*head.id)) return false;
    const auto found = answers_.find(std::get<std::uint64_t>(*head.id));
    if (found == answers_.end()) return false;
    const auto handler = std::move(answers_.extract(found).mapped());
    return handler(object);
  }

  // How many of the typed lines have been run, with the one that is being run.
  std::uint64_t lines_run() const noexcept { return lines_typed_ - typed_.size(); }

  void show_prompt() {
    ++prompts_;
    if (!question_.empty()) return host_.prompt(question_);
    host_.prompt(channel_.empty() ? nick_ + "> " : nick_ + "[" + channel_ + "]> ");
  }

  void show_list_cut() { show("the list goes on, but is cut here", look::failure); }

  void show_help() {
    for (const auto& [name, known] : commands_) show(" " + known.usage + " - " + known.help);
  }

  client_host host_;
  jalon::json_reader reader_;
  std::map<std::string, command, std::less<>> commands_;
  std::map<std::string, message_handler, std::less<>> handlers_;
  std::map<std::uint64_t, message_handler> answers_;  // by the id of the request
  std::vector<std::function<bool(std::string_view)>> plain_lines_;
  std::deque<typed_line> typed_;   // lines that have not been run
  line_begin begun_ = begun_last;  // the line that is being run
  std::uint64_t lines_typed_ = 0;
  std::uint64_t prompts_ = 0;  // that were set
  std::function<bool()> still_busy_;
  std::optional<std::uint64_t> waiting_for_;  // the id of the request that typed lines wait for
  std::uint64_t last_id_ = 0;
  bool is_awaited_ = false;          // the message that is handled is the answer to that request
  std::function<void()> next_page_;  // asks for the next page of a list, if there is more
  std::size_t pages_left_ = 0;       // that may be asked for, of that list
  std::string nick_;
  std::string channel_;
  std::string question_;
  bool behind_ = false;
  bool input_ended_ = false;
  bool finished_ = false;
};

}  // namespace chat
