// The messages of milestone 3, field by field, as docs/protocol.md lists them.
// No rule of the chat is here. Chapter: tutorial/03-channels.
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
  static bool allows(std::string_view text) { return is_name(text); }
};
using channel_name = jalon::checked_view<channel_rule>;

/// Request: make a channel, and be in it.
struct create {
  static constexpr std::string_view type = "create";
  channel_name channel;
  static constexpr auto fields() { return std::tuple{field{"channel", &create::channel}}; }
};

/// Request: enter a channel.
struct join {
  static constexpr std::string_view type = "join";
  channel_name channel;
  static constexpr auto fields() { return std::tuple{field{"channel", &join::channel}}; }
};

/// Answer and event: somebody has entered. The answer also says which channel was left for it.
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

/// Request: go out of a channel.
struct leave {
  static constexpr std::string_view type = "leave";
  channel_name channel;
  static constexpr auto fields() { return std::tuple{field{"channel", &leave::channel}}; }
};

/// Answer and event: somebody has gone out; the last one hears that the channel is gone.
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

/// Request: which channels there are, from the first name after `after` on.
struct channel_list_request {
  static constexpr std::string_view type = "channels";
  std::optional<std::string> after;
  static constexpr auto fields() {
    return std::tuple{field{"after", &channel_list_request::after}};
  }
};

struct channel_entry {
  std::string channel;
  std::uint64_t users = 0;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &channel_entry::channel},
                      field{"users", &channel_entry::users}};
  }
};

struct channel_list {
  static constexpr std::string_view type = "channels";
  std::vector<channel_entry> channels;
  std::optional<bool> more;
  static constexpr auto fields() {
    return std::tuple{field{"channels", &channel_list::channels},
                      field{"more", &channel_list::more}};
  }
};

/// Request: who is in a channel, from the first nick after `after` on.
struct members_request {
  static constexpr std::string_view type = "members";
  channel_name channel;
  std::optional<std::string> after;
  static constexpr auto fields() {
    return std::tuple{field{"channel", &members_request::channel},
                      field{"after", &members_request::after}};
  }
};

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

/// Event: somebody said something in your channel.
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
