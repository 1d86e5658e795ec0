// How servers of several kinds are spoken to: what a client says to get in, and to be heard.
// Who says what when is not known here, load.cpp decides that.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace bench {

/// What a client says, as bytes with their line ends, and how it knows what it hears.
struct language {
  /// The server speaks first, and says this; empty: it waits.
  std::string_view greeting;
  /// Gives a name.
  std::function<std::string(const std::string& name)> log_in;
  /// A line of the answer to that holds this.
  std::string_view logged_in;
  /// Enters the channel in which all is said; who only speaks need not, in some.
  std::string_view enter;
  /// A line of the answer to that holds this.
  std::string_view entered;
  /// Says a text to all who are in the channel.
  std::function<std::string(const std::string& text)> say;
  /// The text that a line delivers; empty if it delivers none.
  std::function<std::string_view(std::string_view line)> text_in;
  /// Whether who speaks has to be in the channel.
  bool speakers_enter = true;
};

namespace detail {

// What stands between @p before and the last @p after bytes of the line.
inline std::string_view between(std::string_view line, std::string_view before, std::size_t after) {
  const auto at = line.find(before);
  if (at == line.npos || line.size() < at + before.size() + after) return {};
  line.remove_prefix(at + before.size());
  line.remove_suffix(after);
  return line;
}

// The line itself, if it looks like a text of ours: they begin with a number of four digits.
inline std::string_view whole(std::string_view line) {
  return line.size() > 5 && line[4] == ' ' && line[0] >= '0' && line[0] <= '9' ? line
                                                                               : std::string_view();
}

}  // namespace detail

/// Our own chat (docs/protocol.md), and limit.cpp.
inline language chat() {
  return {
      .greeting = R"("hello")",
      .log_in =
          [](const std::string& name) { return R"({"type":"nick","nick":")" + name + "\"}\n"; },
      .logged_in = R"("welcome")",
      .enter =
          "{\"type\":\"create\",\"channel\":\"bench\"}\n{\"type\":\"join\",\"channel\":"
          "\"bench\"}\n",
      .entered = R"("joined")",
      .say =
          [](const std::string& text) {
            return R"({"type":"say","channel":"bench","text":")" + text + "\"}\n";
          },
      .text_in = [](std::string_view line) { return detail::between(line, R"("text":")", 2); },
  };
}

/// IRC (RFC 2812): InspIRCd, ngIRCd.
inline language irc() {
  return {
      .greeting = {},
      .log_in =
          [](const std::string& name) {
            return "NICK " + name + "\r\nUSER " + name + " 0 * :" + name + "\r\n";
          },
      .logged_in = " 001 ",
      .enter = "JOIN #bench\r\n",
      .entered = " 366 ",
      .say = [](const std::string& text) { return "PRIVMSG #bench :" + text + "\r\n"; },
      .text_in =
          [](std::string_view line) {
            return line.find(" PRIVMSG ") == line.npos ? std::string_view()
                                                       : detail::between(line, " :", 0);
          },
  };
}

/// RESP, the language of Redis: publish and subscribe.
inline language resp() {
  return {
      .greeting = {},
      .log_in = [](const std::string&) { return std::string("PING\r\n"); },
      .logged_in = "PONG",
      .enter = "SUBSCRIBE bench\r\n",
      .entered = ":1",
      .say =
          [](const std::string& text) {
            return "*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$" + std::to_string(text.size()) +
                   "\r\n" + text + "\r\n";
          },
      .text_in = detail::whole,
      .speakers_enter = false,
  };
}

/// NATS.
inline language nats() {
  return {
      .greeting = "INFO ",
      .log_in =
          [](const std::string& name) {
            return R"(CONNECT {"verbose":false,"name":")" + name + "\"}\r\nPING\r\n";
          },
      .logged_in = "PONG",
      .enter = "SUB bench 1\r\nPING\r\n",
      .entered = "PONG",
      .say =
          [](const std::string& text) {
            return "PUB bench " + std::to_string(text.size()) + "\r\n" + text + "\r\n";
          },
      .text_in = detail::whole,
      .speakers_enter = false,
  };
}

/// MQTT 3.1.1, whose packets have no line ends. These have one where it is of no harm: the last
/// byte of a packet's number, which the answer repeats, and the last of each text.
inline language mqtt() {
  using namespace std::string_view_literals;
  // SUBSCRIBE, number 0x2E0A: one topic, at most once (QoS 0).
  const auto subscribe = [](const std::string& topic) {
    return std::string{'\x82', static_cast<char>(5 + topic.size()), '\x2E', '\n',
                       '\0',   static_cast<char>(topic.size())} +
           topic + '\0';
  };
  static const std::string enter = subscribe("bench");
  return {
      .greeting = {},
      .log_in =
          [subscribe](const std::string& name) {
            // CONNECT, with a clean session and a keep-alive of an hour.
            return std::string{'\x10', static_cast<char>(12 + name.size())} +
                   std::string("\0\4MQTT\4\2\x0E\x10\0"sv) + static_cast<char>(name.size()) + name +
                   subscribe("lobby");
          },
      .logged_in = "\x20\x02\0\0"sv,
      .enter = enter,
      .entered = "\x90\x03",
      .say =
          [](const std::string& text) {
            // PUBLISH; its length in groups of seven bits.
            const std::size_t size = 2 + 5 + text.size() + 1;
            std::string packet(1, '\x30');
            if (size < 0x80)
              packet += static_cast<char>(size);
            else
              packet += {static_cast<char>(0x80 | size % 0x80), static_cast<char>(size / 0x80)};
            return packet + std::string("\0\5bench"sv) + text + '\n';
          },
      .text_in =
          [](std::string_view line) { return detail::whole(detail::between(line, "bench", 0)); },
      .speakers_enter = false,
  };
}

/// All of them, by the name that the command line gives.
inline const std::map<std::string, std::function<language()>>& languages() {
  static const std::map<std::string, std::function<language()>> all = {
      {"chat", chat}, {"irc", irc}, {"resp", resp}, {"nats", nats}, {"mqtt", mqtt}};
  return all;
}

}  // namespace bench
