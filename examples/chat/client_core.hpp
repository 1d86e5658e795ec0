// The chat as its user's program sees it: lines typed and lines received go in; lines to send and
// lines to show come out.
// No socket, no terminal and no clock live here. Chapter: tutorial/02-users.
//
// Its units (user_commands.hpp, and those of later milestones) register the commands that they
// carry out and the messages that they show, as the units of the server do.
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

#include "program/console_handlers.hpp"
#include "session_messages.hpp"

namespace chat {

using program::look;

/// What the client asks of the program that runs it.
struct client_host {
  std::function<void(std::string_view line)> send;             ///< to the server, without LF
  std::function<void(std::string_view text, look kind)> show;  ///< one line to the user
  std::function<void(std::string_view text)> prompt;           ///< stands before what is typed
  std::function<void(bool behind)> behind;                     ///< lines are typed too fast, or not
  std::function<void()> finished;                              ///< nothing more will be asked
};

/// A typed line taken apart at its first blank: `/msg bob  hello` is `/msg` and `bob  hello`.
struct word_and_rest {
  std::string_view word;  ///< up to the blank
  std::string_view rest;  ///< all behind the one blank, blanks and all
};
inline word_and_rest split_word(std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == text.npos) return {text, {}};
  return {text.substr(0, blank), text.substr(blank + 1)};
}

/// A command, as the user types it.
struct command {
  std::string usage;                               ///< `/msg NICK TEXT`
  std::string help;                                ///< what it does, a few words
  std::function<void(std::string_view rest)> run;  ///< with all behind the command's blank
};

/// One user's side of the chat.
///
/// What is typed is carried out line by line: the next one waits until the answer to the last has
/// come. So a file of commands does the same as a person who types them, and what depends on the
/// state (in which channel am I?) is decided when that state is known.
class client_core {
 public:
  /// @param host outlives the calls it gets
  explicit client_core(client_host host) : host_(std::move(host)) {
    on_message<hello>([this](const hello&) {
      show("[Server] : please login with /nick <your nick>", look::server);
    });
    on_message<error>([this](const error& one) { show_server(one.message); });
    add_command("help", {"/help", "list the commands", [this](std::string_view) { show_help(); }});
    add_command("quit", {"/quit", "leave the chat", [this](std::string_view) { leave(); }});
  }
  client_core(const client_core&) = delete;
  client_core& operator=(const client_core&) = delete;

  // What units call.

  /// Adds a command, by its name without the `/`; takes the place of one that is there.
  void add_command(const std::string& name, command added) { commands_[name] = std::move(added); }

  /// Adds a function that may carry out a line without a command, and says whether it did. The
  /// one added last is asked first.
  void on_plain_line(std::function<bool(std::string_view)> run) {
    plain_lines_.insert(plain_lines_.begin(), std::move(run));
  }

  /// Has @p handler called with each message of this type that comes, answer or event.
  template <jalon::message Message, class Handler>
  void on_message(Handler handler) {
    handlers_[std::string(Message::type)] = [handler](jalon::json_object object) {
      Message read;
      const bool readable = !jalon::read_message(object, read);
      if (readable) handler(read);
      return readable;
    };
  }

  /// Sends a request that the typed lines wait for. @return its id
  template <jalon::message Request>
  std::uint64_t request(const Request& asked) {
    waiting_for_ = send(asked);
    return *waiting_for_;
  }

  /// Sends a request for more of what was just answered. What the server says unasked, while an
  /// answer is due or after the end, makes this client ask for nothing.
  template <jalon::message Request>
  void request_more(const Request& asked) {
    if (!waiting_for_ && !finished_) request(asked);
  }

  /// Sends a request that nobody waits for. @return its id
  template <jalon::message Request>
  std::uint64_t send(const Request& asked) {
    host_.send(jalon::write_message(asked, ++last_id_));
    return last_id_;
  }

  /// Has @p handler called with the answer to request @p id instead of the one by its type; null
  /// if it is an error, which is shown.
  template <jalon::message Answer, class Handler>
  void on_answer(std::uint64_t id, Handler handler) {
    answers_[id] = [handler](jalon::json_object object) {
      Answer read;
      const bool right = jalon::read_head(object).type == Answer::type;
      if (right && !jalon::read_message(object, read))
        handler(&read);
      else
        handler(nullptr);
      return right;
    };
  }

  /// Has the end of the input wait while @p has_more says that there is more to ask for. Whoever
  /// had more calls `carry_on` when that is over.
  void finish_after(std::function<bool()> has_more) { has_more_ = std::move(has_more); }

  /// Carries out what is typed, as far as it need not wait.
  void carry_on() {
    while (!waiting_for_ && !typed_.empty()) {
      const std::string line = std::move(typed_.front());
      typed_.pop_front();
      carry_out(line);
    }
    tell_whether_behind();
    if (may_finish() && !std::exchange(finished_, true)) host_.finished();
  }

  /// Makes a value that obeys a rule of what was typed, or says what is wrong and makes none. It
  /// may be a view of @p text.
  template <class Checked>
  std::optional<Checked> checked(std::string_view text) {
    auto made = Checked::from(text);
    if (!made) show(std::string(reason_for(Checked::rule::code)), look::failure);
    return made;
  }

  /// Shows a line.
  void show(const std::string& text, look kind = look::plain) { host_.show(text, kind); }

  /// Shows what the server says.
  void show_server(std::string_view text) {
    show(std::string("[Server] : ").append(text), look::server);
  }

  /// Shows how a command is used.
  void show_usage(const std::string& name) {
    show("usage: " + commands_.at(name).usage, look::failure);
  }

  /// The nick that this user has; empty before there is one.
  const std::string& nick() const noexcept { return nick_; }

  /// Says which nick this user has; it stands in the prompt.
  void set_nick(const std::string& nick) {
    nick_ = nick;
    show_prompt();
  }

  /// Says in which channel this user is, empty for none; it stands in the prompt.
  void set_channel(const std::string& channel) {
    channel_ = channel;
    show_prompt();
  }

  /// The channel that this user is in; empty for none.
  const std::string& channel() const noexcept { return channel_; }

  /// Says goodbye; the server ends the connection. What is typed after it is not carried out.
  void leave() {
    typed_.clear();
    input_ended_ = true;
    has_more_ = {};
    request(quit{});
  }

  // What the program calls.

  /// A line has been typed.
  void typed(std::string_view line) {
    if (!input_ended_) typed_.emplace_back(line);
    carry_on();
  }

  /// Nothing more will be typed. Once all is asked and answered, `finished` is called.
  void end_of_input() {
    input_ended_ = true;
    carry_on();
  }

  /// A line has come from the server. What it may not say is passed over, and said so.
  void received(std::string_view line) {
    const auto object = reader_.read(line);
    if (!object || !handle(jalon::read_head(*object), *object)) lost_line();
    carry_on();
  }

  /// A line has come that nothing can be made of: too long, or no part of the protocol.
  void lost_line() {
    show("the server said something that is no part of the protocol", look::failure);
  }

  /// The words that may stand behind @p before in a typed line: the commands, at its start.
  std::vector<std::string> words(std::string_view before) const {
    std::vector<std::string> all;
    if (!before.empty()) return all;
    for (const auto& [name, one] : commands_) all.push_back("/" + name);
    return all;
  }

 private:
  // So many typed lines may wait. A file of commands would else be in memory all at once.
  static constexpr std::size_t most_typed = 64;

  void tell_whether_behind() {
    const bool behind = typed_.size() >= (behind_ ? 1 : most_typed);
    if (std::exchange(behind_, behind) != behind) host_.behind(behind);
  }

  bool may_finish() const {
    return input_ended_ && !waiting_for_ && answers_.empty() && !(has_more_ && has_more_());
  }

  void carry_out(std::string_view line) {
    if (line.empty()) return;
    if (!jalon::is_utf8(line)) return show("this is not UTF-8", look::failure);
    if (!line.starts_with('/')) return carry_out_plain(line);
    const auto [word, rest] = split_word(line.substr(1));
    const auto found = commands_.find(word);
    if (found == commands_.end())
      return show("unknown command /" + std::string(word) + "; /help lists them", look::failure);
    found->second.run(rest);
  }

  void carry_out_plain(std::string_view line) {
    for (const auto& run : plain_lines_) {
      if (run(line)) return;
    }
  }

  bool handle(const jalon::message_head& head, jalon::json_object object) {
    // First of all: what is done with the answer may be to ask for more.
    if (waiting_for_ && head.id == jalon::message_id{*waiting_for_}) waiting_for_.reset();
    if (!head.type) return false;
    const bool is_for_asker = answer(head, object);
    if (is_for_asker) return true;
    const auto found = handlers_.find(*head.type);
    if (found == handlers_.end()) return true;  // a later server may say more than this one knows
    return found->second(object);
  }

  // Hands the answer to who asked for it; an error is shown all the same.
  bool answer(const jalon::message_head& head, jalon::json_object object) {
    if (!head.id || !std::holds_alternative<std::uint64_t>(*head.id)) return false;
    const auto found = answers_.find(std::get<std::uint64_t>(*head.id));
    if (found == answers_.end()) return false;
    const auto take = std::move(answers_.extract(found).mapped());
    return take(object);
  }

  void show_prompt() {
    host_.prompt(channel_.empty() ? nick_ + "> " : nick_ + "[" + channel_ + "]> ");
  }

  void show_help() {
    for (const auto& [name, one] : commands_) show(" " + one.usage + " - " + one.help);
  }

  using message_handler = std::function<bool(jalon::json_object)>;  // false: not readable

  client_host host_;
  jalon::json_reader reader_;
  std::map<std::string, command, std::less<>> commands_;
  std::map<std::string, message_handler, std::less<>> handlers_;
  std::map<std::uint64_t, message_handler> answers_;  // by the id of the request
  std::vector<std::function<bool(std::string_view)>> plain_lines_;
  std::deque<std::string> typed_;
  std::function<bool()> has_more_;
  std::optional<std::uint64_t> waiting_for_;  // the id of the request that typed lines wait for
  std::uint64_t last_id_ = 0;
  std::string nick_;
  std::string channel_;
  bool behind_ = false;
  bool input_ended_ = false;
  bool finished_ = false;
};

}  // namespace chat
