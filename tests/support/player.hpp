// Plays a dialogue on a host, strictly: what no step takes, and what a step waits for in vain,
// fails it with the story so far. Which hosts and services there are is not known here.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jalon/endpoint.hpp>

#include "delivery.hpp"
#include "dialogue.hpp"

namespace support {

/// How what a client sends is cut.
enum class pace {
  as_written,  ///< a segment for each step
  one_byte,    ///< a segment for each byte
  joined,      ///< one segment for all that a client sends up to somebody else's next act
};

namespace detail {

/// @p text with each whole number replaced that is a key of @p numbers.
inline std::string renumbered(std::string_view text,
                              const std::map<std::string, std::string, std::less<>>& numbers) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string out;
  while (!text.empty()) {
    const auto start = std::find_if(text.begin(), text.end(), is_digit);
    const auto end = std::find_if_not(start, text.end(), is_digit);
    const std::string number(start, end);
    const auto found = numbers.find(number);
    out.append(text.begin(), start).append(found == numbers.end() ? number : found->second);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
  return out;
}

/// A story needs no 65,536 bytes of `a`.
inline std::string shortened(const std::string& line) {
  constexpr std::size_t most = 300;
  if (line.size() <= most) return line;
  return line.substr(0, most) + "... (" + std::to_string(line.size()) + " bytes)";
}

}  // namespace detail

/// One playing of one dialogue.
template <class Host>
class player {
 public:
  player(const dialogue& script, Host& host, pace how) : script_(script), host_(host), pace_(how) {}

  /// Plays it to its end. @return what happened, step by step: the same for every host
  /// @throws std::runtime_error with the story, when something else happens than the script says
  std::string play() {
    host_.set_clock(parse_time("2026-11-23T09:30:00Z"));
    for (now_ = 0; now_ < script_.steps.size(); ++now_) {
      act(script_.steps[now_]);
    }
    // What one client asks in the first round may concern another only in the second.
    for (int round = 0; round < 2; ++round) {
      for (auto& [name, one] : clients_) {
        if (one.input_ended) fail("a step `" + name + " !`, or the like", "the end of the script");
        expect_nothing(name, one);
      }
    }
    std::string told;
    for (const auto& line : transcript_) told += line + '\n';
    return told;
  }

 private:
  struct client {
    typename Host::client handle;
    bool in_mid_line = false;
    bool input_ended = false;
    std::size_t sent_to = 0;  // steps before this one are sent already
  };

  void act(const step& one) {
    if (one.sign == "clock") {
      host_.set_clock(parse_time(one.text));
      return note("clock " + one.text);
    }
    if (one.sign == "+") return connect(one);
    const auto found = clients_.find(one.client);
    if (found == clients_.end()) fail(one.client + " to be connected", "a step of hers");
    if (one.sends()) return send(one, found->second);
    if (one.gets()) return get(one, found->second);
    if (one.sign == "!") return get_end(one, found->second);
    if (one.sign == ".") {
      host_.end_input(found->second.handle);
      found->second.input_ended = true;
    } else {
      expect_nothing(one.client, found->second);
      host_.disconnect(found->second.handle);
      clients_.erase(found);
    }
    note(one.client + ' ' + one.sign);
  }

  void connect(const step& one) {
    const auto from = jalon::endpoint::parse(one.text).value();
    const auto handle = host_.connect(from, [this](std::uint16_t port) { return names(port); });
    const auto real = std::to_string(host_.port_of(handle));
    real_ports_[std::to_string(from.port())] = real;
    script_ports_[real] = std::to_string(from.port());
    clients_.insert_or_assign(one.client, client{handle});
    note(one.client + " + " + one.text);
  }

  bool names(std::uint16_t port) const {
    return std::any_of(script_.steps.begin(), script_.steps.end(), [port](const step& one) {
      return one.text.find(std::to_string(port)) != one.text.npos;
    });
  }

  void send(const step& one, client& from) {
    if (now_ >= from.sent_to) {
      from.sent_to = now_ + 1;
      std::string bytes = bytes_of(one);
      if (pace_ == pace::joined) bytes += what_may_be_joined(from);
      from.in_mid_line = !bytes.ends_with('\n');
      send(from, bytes);
    }
    note(one.client + ' ' + one.sign + ' ' + with_names(one.text, names_));
  }

  // What the same client sends later on, up to an act of somebody else's: nobody can tell whether
  // it was sent at once.
  std::string what_may_be_joined(client& from) {
    const step& first = script_.steps[now_];
    std::string more;
    for (std::size_t i = now_ + 1; i < script_.steps.size(); ++i) {
      const step& next = script_.steps[i];
      if (next.gets()) continue;
      if (!next.sends() || next.client != first.client || needs_a_name(next)) break;
      more += bytes_of(next);
      from.sent_to = i + 1;
    }
    return more;
  }

  bool needs_a_name(const step& one) const {
    return detail::next_gap(with_names(one.text, names_), 0).has_value();
  }

  std::string bytes_of(const step& one) const {
    const std::string text = detail::renumbered(with_names(one.text, names_), real_ports_);
    return one.sign == ">>" ? unescaped(text) : text + '\n';
  }

  // A long line by single bytes at both ends alone: its middle is all the same, and takes long.
  void send(client& from, std::string_view bytes) {
    constexpr std::size_t slow = 1'000, piece = 4'000;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t left = bytes.size() - at;
      std::size_t now = left;
      if (pace_ == pace::one_byte)
        now = at < slow || left <= slow ? 1 : std::min(piece, left - slow);
      host_.send(from.handle, bytes.substr(at, now));
      at += now;
    }
  }

  void get(const step& one, client& to) {
    const delivery came = next(to);
    const std::string due = with_names(one.text, names_);
    if (came.what != delivery::line || !matches(due, one.sign == "<<", came.text, names_))
      fail(one.client + ' ' + one.sign + ' ' + due, describe(one.client, came));
    note(one.client + " < " + came.text);
  }

  void get_end(const step& one, client& to) {
    const delivery came = next(to);
    if (came.what != delivery::end || !came.text.empty())
      fail(one.client + " !", describe(one.client, came));
    clients_.erase(one.client);
    note(one.client + " !");
  }

  // Asks a question of which the answer is known: all that came before it comes before the answer.
  void expect_nothing(const std::string& name, client& to) {
    if (to.in_mid_line || to.input_ended) return expect_none_pending(name, to);
    const bool echoes = script_.milestone == "echo";
    const std::string last_words = "anything else?";
    const std::string answer =
        echoes ? last_words : R"({"type":"pong","id":")" + last_words + R"("})";
    send(to, (echoes ? last_words : R"({"type":"ping","id":")" + last_words + R"("})") + '\n');
    const delivery came = next(to);
    if (came.what != delivery::line || came.text != answer)
      fail("nothing more for " + name, describe(name, came));
  }

  void expect_none_pending(const std::string& name, client& to) {
    const delivery came = in_the_script(host_.pending(to.handle));
    if (came.what != delivery::nothing) fail("nothing more for " + name, describe(name, came));
  }

  delivery next(client& to) { return in_the_script(host_.next(to.handle)); }

  delivery in_the_script(delivery came) const {
    came.text = detail::renumbered(came.text, script_ports_);
    return came;
  }

  static std::string describe(const std::string& who, const delivery& came) {
    switch (came.what) {
      case delivery::line:
        return who + " < " + came.text;
      case delivery::end:
        return who + " !" + (came.text.empty() ? "" : ", in the middle of a line: " + came.text);
      case delivery::reset:
        return who + "'s connection was reset";
      default:
        return "nothing";
    }
  }

  void note(std::string what) { transcript_.push_back(std::move(what)); }

  [[noreturn]] void fail(const std::string& due, const std::string& came) const {
    std::string story = script_.name;
    if (now_ < script_.steps.size()) story += ':' + std::to_string(script_.steps[now_].line);
    story += '\n';
    for (const auto& line : transcript_) story += "      " + detail::shortened(line) + '\n';
    throw std::runtime_error(story + "due:  " + detail::shortened(due) +
                             "\ncame: " + detail::shortened(came));
  }

  const dialogue& script_;
  Host& host_;
  pace pace_;
  std::map<std::string, client> clients_;
  std::map<std::string, std::string, std::less<>> real_ports_;    // by those of the script
  std::map<std::string, std::string, std::less<>> script_ports_;  // by the real ones
  bindings names_;
  std::size_t now_ = 0;  // the step that is played
  std::vector<std::string> transcript_;
};

}  // namespace support
