// The messages of a session, which every server of the chat has, as docs/protocol.md lists them.
// Chapter: tutorial/02-users.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <jalon/message.hpp>

#include "names.hpp"

namespace chat {

using jalon::field;

struct limits {
  std::uint64_t line = max_line;
  std::uint64_t text = max_text;
  std::uint64_t nick = max_name;
  std::uint64_t channel = max_name;
  static constexpr auto fields() {
    return std::tuple{field{"line", &limits::line}, field{"text", &limits::text},
                      field{"nick", &limits::nick}, field{"channel", &limits::channel}};
  }
};

/// The server's first line.
struct hello {
  static constexpr std::string_view type = "hello";
  std::uint64_t protocol = 1;
  std::string server;
  std::vector<std::string> features;
  chat::limits limits;
  static constexpr auto fields() {
    return std::tuple{field{"protocol", &hello::protocol}, field{"server", &hello::server},
                      field{"features", &hello::features}, field{"limits", &hello::limits}};
  }
};

/// The answer to a request that has no named answer; sent only if the request has an `id`.
struct ok {
  static constexpr std::string_view type = "ok";
  static constexpr auto fields() { return std::tuple{}; }
};

struct error {
  static constexpr std::string_view type = "error";
  std::string code;
  std::string message;
  std::optional<std::uint64_t> retry_after = {};  // seconds, if it may be asked again later
  static constexpr auto fields() {
    return std::tuple{field{"code", &error::code}, field{"message", &error::message},
                      field{"retry_after", &error::retry_after}};
  }
};

/// Request, and its answer.
struct echo {
  static constexpr std::string_view type = "echo";
  message_text text;
  static constexpr auto fields() { return std::tuple{field{"text", &echo::text}}; }
};

struct ping {
  static constexpr std::string_view type = "ping";
  static constexpr auto fields() { return std::tuple{}; }
};

struct pong {
  static constexpr std::string_view type = "pong";
  static constexpr auto fields() { return std::tuple{}; }
};

struct quit {
  static constexpr std::string_view type = "quit";
  static constexpr auto fields() { return std::tuple{}; }
};

struct bye {
  static constexpr std::string_view type = "bye";
  static constexpr auto fields() { return std::tuple{}; }
};

}  // namespace chat
