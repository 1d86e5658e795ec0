// The messages of milestone 2, field by field, as docs/protocol.md lists them. Chapter:
// tutorial/02-users.
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

struct nick_rule {
  static constexpr std::string_view code = "bad_nick";
  static constexpr std::string_view reason =
      "a nick has 1 to 32 letters, digits, _ and -, a letter first, and is not server";
  static bool allows(std::string_view text) { return is_nick(text); }
};
using nickname = jalon::checked_view<nick_rule>;

/// Request: take a nick.
struct nick {
  static constexpr std::string_view type = "nick";
  nickname name;
  static constexpr auto fields() { return std::tuple{field{"nick", &nick::name}}; }
};

/// Answer to `nick`.
struct welcome {
  static constexpr std::string_view type = "welcome";
  std::string nick;
  static constexpr auto fields() { return std::tuple{field{"nick", &welcome::nick}}; }
};

/// Event: a user has changed nick.
struct renamed {
  static constexpr std::string_view type = "renamed";
  std::string old;
  std::string nick;
  static constexpr auto fields() {
    return std::tuple{field{"old", &renamed::old}, field{"nick", &renamed::nick}};
  }
};

/// Request: list the users, from the first nick after `after` on.
struct who {
  static constexpr std::string_view type = "who";
  std::optional<std::string> after;
  static constexpr auto fields() { return std::tuple{field{"after", &who::after}}; }
};

/// Answer to `who`.
struct user_list {
  static constexpr std::string_view type = "users";
  std::vector<std::string> users;
  std::optional<bool> more;
  static constexpr auto fields() {
    return std::tuple{field{"users", &user_list::users}, field{"more", &user_list::more}};
  }
};

/// Request: tell about a user.
struct whois {
  static constexpr std::string_view type = "whois";
  nickname nick;
  static constexpr auto fields() { return std::tuple{field{"nick", &whois::nick}}; }
};

/// Answer to `whois`.
struct user_info {
  static constexpr std::string_view type = "user";
  std::string nick;
  std::string since;  // RFC 3339, UTC
  std::string address;
  std::uint64_t port = 0;
  static constexpr auto fields() {
    return std::tuple{field{"nick", &user_info::nick}, field{"since", &user_info::since},
                      field{"address", &user_info::address}, field{"port", &user_info::port}};
  }
};

/// Request: say something to one user.
struct msg {
  static constexpr std::string_view type = "msg";
  nickname to;
  message_text text;
  static constexpr auto fields() {
    return std::tuple{field{"to", &msg::to}, field{"text", &msg::text}};
  }
};

/// Event: a user has said something to you.
struct msg_event {
  static constexpr std::string_view type = "msg";
  std::string_view from;
  std::string_view to;
  std::string_view text;
  static constexpr auto fields() {
    return std::tuple{field{"from", &msg_event::from}, field{"to", &msg_event::to},
                      field{"text", &msg_event::text}};
  }
};

/// Request: say something to all others.
struct msgall {
  static constexpr std::string_view type = "msgall";
  message_text text;
  static constexpr auto fields() { return std::tuple{field{"text", &msgall::text}}; }
};

/// Event: a user has said something to all.
struct msgall_event {
  static constexpr std::string_view type = "msgall";
  std::string_view from;
  std::string_view text;
  static constexpr auto fields() {
    return std::tuple{field{"from", &msgall_event::from}, field{"text", &msgall_event::text}};
  }
};

}  // namespace chat
