// The messages of milestone 3, field by field, as docs/protocol.md lists them. Chapter:
// tutorial/03-channels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <jalon/message.hpp>

#include "chat/names.hpp"

namespace chat {

using jalon::field;

struct channel_rule {
  static constexpr std::string_view code = "bad_channel";
  static constexpr std::string_view reason =
      "a channel's name has 1 to 32 letters, digits, _ and -, a letter first";
  static bool allows(std::string_view text) { return is_name(text); }
};
using channel_name = jalon::checked_view<channel_rule>;

/// Request: create a channel, and join it.
struct create {
  static constexpr std::string_view type = "create";
  channel_name channel;
  static constexpr auto fields() { return std::tuple{field{"channel", &create::channel}}; }
};

/// Request: join a channel.
struct join {
  static constexpr std::string_view type = "join";
  channel_name channel;
  static constexpr auto fields() { return std::tuple{field{"channel", &join::channel}}; }
};

/// Answer and event: a user has joined. The answer also names the channel that was left for it.
struct joined {
  static constexpr std::string_view type = "joined";
  std::string channel;
  std::string nick;
  std::optional<std::string> left;
  std::optional<bool> destroyed;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &joined::channel}, field{"nick", &joined::nick},
                      field{"left", &joined::left}, field{"destroyed", &joined::destroyed}};
  }
};

/// Request: leave a channel.
struct leave {
  static constexpr std::string_view type = "leave";
  channel_name channel;
  static constexpr auto fields() { return std::tuple{field{"channel", &leave::channel}}; }
};

/// Answer and event: a user has left. The last one to leave is told that the channel is destroyed.
struct left {
  static constexpr std::string_view type = "left";
  std::string channel;
  std::string nick;
  std::optional<bool> destroyed;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &left::channel}, field{"nick", &left::nick},
                      field{"destroyed", &left::destroyed}};
  }
};

/// Request: list the channels, from the first name after `after` on.
struct channel_list_request {
  static constexpr std::string_view type = "channels";
  std::optional<std::string> after;
  static constexpr auto fields() {
    return std::tuple{field{"after", &channel_list_request::after}};
  }
};

/// A channel in a list.
struct channel_entry {
  std::string channel;
  std::uint64_t users = 0;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &channel_entry::channel},
                      field{"users", &channel_entry::users}};
  }
};

/// Answer to `channel_list_request`.
struct channel_list {
  static constexpr std::string_view type = "channels";
  std::vector<channel_entry> channels;
  std::optional<bool> more;
  static constexpr auto fields() {
    return std::tuple{field{"channels", &channel_list::channels},
                      field{"more", &channel_list::more}};
  }
};

/// Request: list the members of a channel, from the first nick after `after` on.
struct members_request {
  static constexpr std::string_view type = "members";
  channel_name channel;
  std::optional<std::string> after;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &members_request::channel},
                      field{"after", &members_request::after}};
  }
};

/// Answer to `members_request`.
struct member_list {
  static constexpr std::string_view type = "members";
  std::string channel;
  std::vector<std::string> users;
  std::optional<bool> more;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &member_list::channel}, field{"users", &member_list::users},
                      field{"more", &member_list::more}};
  }
};

/// Request: say something in a channel.
struct say {
  static constexpr std::string_view type = "say";
  channel_name channel;
  message_text text;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &say::channel}, field{"text", &say::text}};
  }
};

/// Event: a member has said something in your channel.
struct say_event {
  static constexpr std::string_view type = "say";
  std::string_view channel;
  std::string_view from;
  std::string_view text;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &say_event::channel}, field{"from", &say_event::from},
                      field{"text", &say_event::text}};
  }
};

}  // namespace chat
