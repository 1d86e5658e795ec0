// What a user does in channels, and what the user sees of them. Chapter: tutorial/03-channels.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "chat/client_core.hpp"
#include "chat/paging.hpp"
#include "messages.hpp"

namespace chat {

/// The client's side of channels, a unit of the client's core: the commands, and what is shown.
class channel_commands {
 public:
  /// Registers its commands and messages with @p client, which outlives it.
  explicit channel_commands(client_core& client) : client_(client) {
    add_commands();
    client.on_plain_line([this](std::string_view line) { return say_here(line); });
    client.handle_messages<joined, left, channel_list, member_list, say_event>(*this);
  }
  channel_commands(const channel_commands&) = delete;
  channel_commands& operator=(const channel_commands&) = delete;

  // What the core calls when a message has come.

  void handle(const joined& message) {
    if (message.nick != client_.nick())
      return client_.show(message.nick + " has joined " + message.channel);
    if (message.left) show_own_leaving(*message.left, message.destroyed.value_or(false));
    if (std::exchange(creating_, false))
      client_.show("You have created channel " + message.channel);
    client_.show("You have joined " + message.channel);
    client_.set_channel(message.channel);
  }

  void handle(const left& message) {
    if (message.nick != client_.nick())
      return client_.show(message.nick + " has left " + message.channel);
    show_own_leaving(message.channel, message.destroyed.value_or(false));
    client_.set_channel({});
  }

  // A list that does not fit on one line comes in pages; the user sees one list.
  void handle(const channel_list& message) {
    if (std::exchange(first_page_, false)) client_.show_server("Channels are");
    for (const channel_entry& entry : message.channels)
      client_.show(" - " + entry.channel + " (" + std::to_string(entry.users) + ")");
    if (message.channels.empty()) return;
    if (const auto after = next_page(message.more, message.channels.back().channel))
      client_.request_more([this, after] { client_.request(channel_list_request{after}); });
  }

  void handle(const member_list& message) {
    if (std::exchange(first_page_, false))
      client_.show_server("Users in " + message.channel + " are");
    for (const std::string& name : message.users) client_.show(" - " + name);
    if (message.users.empty()) return;
    if (const auto after = next_page(message.more, message.users.back()))
      client_.request_more([this, channel = message.channel, after] {
        client_.request(members_request{channel_name::from(channel).value(), after});
      });
  }

  void handle(const say_event& message) {
    std::string line(message.from);
    client_.show(line.append("[").append(message.channel).append("] : ").append(message.text),
                 look::message);
  }

 private:
  void add_commands() {
    const auto leave_channel = [this](std::string_view rest) { run_leave(rest); };
    const auto list_channels = [this](std::string_view) { run_channels(); };
    client_.add_command("create", {"/create CHANNEL", "make a channel and enter it",
                                   [this](std::string_view rest) { run_create(rest); }});
    client_.add_command("join", {"/join CHANNEL", "enter a channel",
                                 [this](std::string_view rest) { run_join(rest); }});
    client_.add_command("leave", {"/leave [CHANNEL]", "go out of a channel", leave_channel});
    client_.add_command("quit", {"/quit [CHANNEL]", "go out of a channel, or leave the chat",
                                 [this](std::string_view rest) {
                                   if (rest.empty())
                                     client_.quit_chat();
                                   else
                                     run_leave(rest);
                                 }});
    client_.add_command("channels", {"/channels", "list the channels", list_channels});
    client_.add_command("channel_list", {"/channel_list", "list the channels", list_channels});
    client_.add_command("members", {"/members [CHANNEL]", "list who is in a channel",
                                    [this](std::string_view rest) { run_members(rest); }});
  }

  void run_create(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("create");
    const auto name = client_.checked<channel_name>(rest);
    if (!name) return;
    creating_ = true;
    client_.request(create{*name});
  }

  void run_join(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("join");
    const auto name = client_.checked<channel_name>(rest);
    if (!name) return;
    creating_ = false;
    client_.request(join{*name});
  }

  void run_leave(std::string_view rest) {
    const auto channel = named_or_current(rest);
    if (channel.empty()) return client_.show("you are in no channel", look::failure);
    if (const auto name = client_.checked<channel_name>(channel)) client_.request(leave{*name});
  }

  void run_channels() {
    first_page_ = true;
    client_.request_list(channel_list_request{});
  }

  void run_members(std::string_view rest) {
    const auto channel = named_or_current(rest);
    if (channel.empty()) return client_.show_usage("members");
    first_page_ = true;
    if (const auto name = client_.checked<channel_name>(channel))
      client_.request_list(members_request{*name, {}});
  }

  // A line without a command is said in the user's channel. @return false if there is none
  bool say_here(std::string_view line) {
    const auto here = channel_name::from(client_.channel());
    if (!here) return false;
    if (const auto text = client_.checked<message_text>(line)) client_.request(say{*here, *text});
    return true;
  }

  // The channel that the command names, or the one that the user is in.
  std::string_view named_or_current(std::string_view rest) const {
    return rest.empty() ? std::string_view(client_.channel()) : rest;
  }

  void show_own_leaving(const std::string& channel, bool destroyed) {
    client_.show("You have left " + channel);
    if (destroyed) client_.show("Channel " + channel + " has been destroyed");
  }

  client_core& client_;
  bool creating_ = false;    // the next `joined` is the answer to a `create`
  bool first_page_ = false;  // of a list
};

}  // namespace chat
