// What a user does with other users, and what the user sees of them. Chapter: tutorial/02-users.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "chat/client_core.hpp"
#include "chat/paging.hpp"
#include "messages.hpp"

namespace chat {

/// `2026-11-23T09:30:00Z` in local time: `2026/11/23@10:30`. A text that is no such time is
/// returned unchanged.
inline std::string to_local_time(const std::string& rfc3339) {
  std::tm parts{};
  const char* end = ::strptime(rfc3339.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return rfc3339;
  const std::time_t seconds = ::timegm(&parts);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y/%m/%d@%H:%M", &local)};
}

/// The client's side of users, a unit of the client's core: the commands, and what is shown.
class user_commands {
 public:
  /// Registers its commands and messages with @p client, which outlives it.
  explicit user_commands(client_core& client) : client_(client) {
    add_commands();
    client.handle_messages<hello, welcome, renamed, user_list, user_info, msg_event, msgall_event>(
        *this);
  }
  user_commands(const user_commands&) = delete;
  user_commands& operator=(const user_commands&) = delete;

  // What the core calls when a message has come.

  void handle(const hello& /*message*/) {
    client_.show_server("please login with /nick <your nick>");
  }

  void handle(const welcome& message) {
    client_.set_nick(message.nick);
    client_.show_server("Welcome on the chat, " + message.nick);
  }

  void handle(const renamed& message) {
    client_.show_server(message.old + " is now known as " + message.nick);
  }

  // A list that does not fit on one line comes in pages; the user sees one list.
  void handle(const user_list& message) {
    if (std::exchange(first_page_, false)) client_.show_server("Online users are");
    for (const std::string& name : message.users) client_.show(" - " + name);
    if (message.users.empty()) return;
    if (const auto after = next_page(message.more, message.users.back()))
      client_.request_more([this, after] { client_.request(who{after}); });
  }

  void handle(const user_info& message) {
    client_.show_server(message.nick + " connected since " + to_local_time(message.since) +
                        " with IP address " + message.address + " and port number " +
                        std::to_string(message.port));
  }

  void handle(const msg_event& message) { show_text(message.from, message.text); }
  void handle(const msgall_event& message) { show_text(message.from, message.text); }

 private:
  void add_commands() {
    client_.add_command("nick", {"/nick NICK", "take a nick, or another one",
                                 [this](std::string_view rest) { run_nick(rest); }});
    client_.add_command("who",
                        {"/who", "list who is there", [this](std::string_view) { run_who(); }});
    client_.add_command("whois", {"/whois NICK", "tell since when and from where a user is there",
                                  [this](std::string_view rest) { run_whois(rest); }});
    client_.add_command("msg", {"/msg NICK TEXT", "say something to one user",
                                [this](std::string_view rest) { run_msg(rest); }});
    client_.add_command("msgall", {"/msgall TEXT", "say something to all the others",
                                   [this](std::string_view rest) { run_msgall(rest); }});
  }

  void run_nick(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("nick");
    if (const auto name = client_.checked<nickname>(rest)) client_.request(nick{*name});
  }

  void run_who() {
    first_page_ = true;
    client_.request_list(who{});
  }

  void run_whois(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("whois");
    if (const auto name = client_.checked<nickname>(rest)) client_.request(whois{*name});
  }

  void run_msg(std::string_view rest) {
    const auto [to, said] = split_word(rest);
    if (to.empty() || said.empty()) return client_.show_usage("msg");
    const auto name = client_.checked<nickname>(to);
    const auto text = name ? client_.checked<message_text>(said) : std::nullopt;
    if (text) client_.request(msg{*name, *text});
  }

  void run_msgall(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("msgall");
    if (const auto text = client_.checked<message_text>(rest)) client_.request(msgall{*text});
  }

  void show_text(std::string_view from, std::string_view text) {
    client_.show(std::string("[").append(from).append("] : ").append(text), look::message);
  }

  client_core& client_;
  bool first_page_ = false;  // of the list of users
};

}  // namespace chat
