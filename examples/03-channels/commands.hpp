// What a user does in channels, and what he sees of them.
// No socket, no terminal and no clock live here. Chapter: tutorial/03-channels.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "chat/client_core.hpp"
#include "chat/paging.hpp"
#include "messages.hpp"

namespace chat {

/// The unit of milestone 3, on the user's side.
class channel_commands {
 public:
  /// Registers its commands with @p client, which outlives it.
  explicit channel_commands(client_core& client) : client_(client) {
    add_commands();
    client.on_plain_line([this](std::string_view line) { return say_here(line); });
    client.on_message<joined>([this](const joined& one) { show_joined(one); });
    client.on_message<left>([this](const left& one) { show_left(one); });
    client.on_message<channel_list>([this](const channel_list& one) { show_channels(one); });
    client.on_message<member_list>([this](const member_list& one) { show_members(one); });
    client.on_message<say_event>([this](const say_event& one) {
      std::string line(one.from);
      client_.show(line.append("[").append(one.channel).append("] : ").append(one.text),
                   look::message);
    });
  }
  channel_commands(const channel_commands&) = delete;
  channel_commands& operator=(const channel_commands&) = delete;

 private:
  void add_commands() {
    const auto go_out_of = [this](std::string_view rest) { go_out(rest); };
    const auto ask_for_channels = [this](std::string_view) { list_channels(); };
    client_.add_command("create", {"/create CHANNEL", "make a channel and enter it",
                                   [this](std::string_view rest) { make(rest); }});
    client_.add_command("join", {"/join CHANNEL", "enter a channel",
                                 [this](std::string_view rest) { enter(rest); }});
    client_.add_command("leave", {"/leave [CHANNEL]", "go out of a channel", go_out_of});
    client_.add_command("quit", {"/quit [CHANNEL]", "go out of a channel, or leave the chat",
                                 [this](std::string_view rest) {
                                   if (rest.empty())
                                     client_.leave();
                                   else
                                     go_out(rest);
                                 }});
    client_.add_command("channels", {"/channels", "list the channels", ask_for_channels});
    client_.add_command("channel_list", {"/channel_list", "list the channels", ask_for_channels});
    client_.add_command("members", {"/members [CHANNEL]", "list who is in a channel",
                                    [this](std::string_view rest) { list_members(rest); }});
  }

  void make(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("create");
    const auto wanted = client_.checked<channel_name>(rest);
    if (!wanted) return;
    creating_ = true;
    client_.request(create{*wanted});
  }

  void enter(std::string_view rest) {
    if (rest.empty()) return client_.show_usage("join");
    const auto wanted = client_.checked<channel_name>(rest);
    if (!wanted) return;
    creating_ = false;
    client_.request(join{*wanted});
  }

  // The channel that is named, or the one that the user is in.
  std::string_view named_or_here(std::string_view rest) const {
    return rest.empty() ? std::string_view(client_.channel()) : rest;
  }

  void go_out(std::string_view rest) {
    const auto name = named_or_here(rest);
    if (name.empty()) return client_.show("you are in no channel", look::failure);
    if (const auto wanted = client_.checked<channel_name>(name)) client_.request(leave{*wanted});
  }

  void list_channels() {
    first_page_ = true;
    client_.request(channel_list_request{});
  }

  void list_members(std::string_view rest) {
    const auto name = named_or_here(rest);
    if (name.empty()) return client_.show_usage("members");
    first_page_ = true;
    if (const auto wanted = client_.checked<channel_name>(name))
      client_.request(members_request{*wanted, {}});
  }

  // A line without a command, while the user is in a channel.
  bool say_here(std::string_view line) {
    const auto here = channel_name::from(client_.channel());
    if (!here) return false;
    if (const auto text = client_.checked<message_text>(line)) client_.request(say{*here, *text});
    return true;
  }

  void show_joined(const joined& one) {
    if (one.nick != client_.nick()) return client_.show(one.nick + " has joined " + one.channel);
    if (one.left) show_own_parting(*one.left, one.destroyed.value_or(false));
    if (std::exchange(creating_, false)) client_.show("You have created channel " + one.channel);
    client_.show("You have joined " + one.channel);
    client_.set_channel(one.channel);
  }

  void show_left(const left& one) {
    if (one.nick != client_.nick()) return client_.show(one.nick + " has left " + one.channel);
    show_own_parting(one.channel, one.destroyed.value_or(false));
    client_.set_channel({});
  }

  void show_own_parting(const std::string& channel, bool destroyed) {
    client_.show("You have left " + channel);
    if (destroyed) client_.show("Channel " + channel + " has been destroyed");
  }

  // A list that does not fit on one line comes in pages; to the user it is one.
  void show_channels(const channel_list& one) {
    if (std::exchange(first_page_, false)) client_.show_server("Channels are");
    for (const channel_entry& entry : one.channels)
      client_.show(" - " + entry.channel + " (" + std::to_string(entry.users) + ")");
    if (one.channels.empty()) return;
    if (const auto after = next_page(one.more, one.channels.back().channel))
      client_.request_more(channel_list_request{after});
  }

  void show_members(const member_list& one) {
    if (std::exchange(first_page_, false)) client_.show_server("Users in " + one.channel + " are");
    for (const std::string& name : one.users) client_.show(" - " + name);
    const auto channel = channel_name::from(one.channel);
    if (!channel || one.users.empty()) return;
    if (const auto after = next_page(one.more, one.users.back()))
      client_.request_more(members_request{*channel, after});
  }

  client_core& client_;
  bool creating_ = false;    // the `joined` to come is the answer to a `create`
  bool first_page_ = false;  // of a list
};

}  // namespace chat
