// What a user does with other users, and what he sees of them.
// No socket, no terminal and no clock live here. Chapter: tutorial/02-users.
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

/// `2026-11-23T09:30:00Z` as the user's own clock shows it: `2026/11/23@10:30`. What is no such
/// time is shown as it came.
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

/// The unit of milestone 2, on the user's side.
class user_commands {
 public:
  /// Registers its commands with @p client, which outlives it.
  explicit user_commands(client_core& client) : client_(client) {
    add_commands();
    client.on_plain_line([this](std::string_view line) { return repeat(line); });
    client.on_message<welcome>([this](const welcome& one) { greet(one); });
    client.on_message<renamed>([this](const renamed& one) {
      client_.show_server(one.old + " is now known as " + one.nick);
    });
    client.on_message<user_list>([this](const user_list& one) { show_users(one); });
    client.on_message<user_info>([this](const user_info& one) { show_info(one); });
    client.on_message<msg_event>([this](const msg_event& one) { show_said(one.from, one.text); });
    client.on_message<msgall_event>(
        [this](const msgall_event& one) { show_said(one.from, one.text); });
    client.on_message<echo>([this](const echo& one) { client_.show_server(one.text.value()); });
  }
  user_commands(const user_commands&) = delete;
  user_commands& operator=(const user_commands&) = delete;

 private:
  void add_commands() {
    client_.add_command("nick", {"/nick NICK", "take a nick, or another one",
                                 [this](std::string_view rest) { take_nick(rest); }});
    client_.add_command(
        "who", {"/who", "list who is there", [this](std::string_view) { ask_for_users(); }});
    client_.add_command("whois", {"/whois NICK", "tell since when and from where a user is there",
                                  [this](std::string_view rest) { ask_who_is(rest); }});
    client_.add_command("msg", {"/msg NICK TEXT", "say something to one user",
                                [this](std::string_view rest) { say_to_one(rest); }});
    client_.add_command("msgall", {"/msgall TEXT", "say something to all the others",
                                   [this](std::string_view rest) { say_to_all(rest); }});
  }

  void take_nick(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("nick");
    if (const auto wanted = client_.checked<nickname>(rest)) client_.request(nick{*wanted});
  }

  void ask_for_users() {
    first_page_ = true;
    client_.request(who{});
  }

  void ask_who_is(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("whois");
    if (const auto wanted = client_.checked<nickname>(rest)) client_.request(whois{*wanted});
  }

  void say_to_one(std::string_view rest) {
    const auto [to, text] = split_word(rest);
    if (to.empty() || text.empty()) return client_.show_usage("msg");
    const auto nick = client_.checked<nickname>(to);
    const auto said = nick ? client_.checked<message_text>(text) : std::nullopt;
    if (said) client_.request(msg{*nick, *said});
  }

  void say_to_all(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("msgall");
    if (const auto said = client_.checked<message_text>(rest)) client_.request(msgall{*said});
  }

  // What a line without a command does in this milestone: it comes back.
  bool repeat(std::string_view line) {
    if (const auto text = client_.checked<message_text>(line)) client_.request(echo{*text});
    return true;
  }

  void greet(const welcome& one) {
    client_.set_nick(one.nick);
    client_.show_server("Welcome on the chat, " + one.nick);
  }

  // A list that does not fit on one line comes in pages; to the user it is one.
  void show_users(const user_list& one) {
    if (std::exchange(first_page_, false)) client_.show_server("Online users are");
    for (const std::string& name : one.users) client_.show(" - " + name);
    if (one.users.empty()) return;
    if (const auto after = next_page(one.more, one.users.back())) client_.request_more(who{after});
  }

  void show_info(const user_info& one) {
    client_.show_server(one.nick + " connected since " + to_local_time(one.since) +
                        " with IP address " + one.address + " and port number " +
                        std::to_string(one.port));
  }

  void show_said(std::string_view from, std::string_view text) {
    client_.show(std::string("[").append(from).append("] : ").append(text), look::message);
  }

  client_core& client_;
  bool first_page_ = false;
};

}  // namespace chat
