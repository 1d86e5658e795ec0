// A dialogue as its file has it (tests/dialogues/README.md): the steps, and how a line is held
// against one.
// Nothing is played here; player.hpp does that.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

/// One line of a dialogue. `++` does not occur: it stands as the steps that it is short for.
struct step {
  std::size_t line = 0;  ///< its number in the file
  std::string client;    ///< who; empty where the clock is set
  std::string sign;      ///< `+` `>` `>>` `<` `<<` `.` `-` `!`, or `clock`
  std::string text;      ///< what stands behind; repetitions are replaced

  bool sends() const { return sign == ">" || sign == ">>"; }
  bool gets() const { return sign == "<" || sign == "<<"; }
};

/// A script: what clients send, and what they must get.
struct dialogue {
  std::string name;
  std::string milestone;
  std::vector<step> steps;
};

/// The texts that the names of a dialogue stand for.
using bindings = std::map<std::string, std::string, std::less<>>;

namespace detail {

/// `{a*4096}` becomes so many `a`.
inline std::string repeated(const std::string& text) {
  static const std::regex repetition(R"(\{([^{}"*]+)\*([0-9]+)\})");
  std::string out;
  auto rest = text.begin();
  for (std::sregex_iterator one(text.begin(), text.end(), repetition), end; one != end; ++one) {
    out.append(rest, (*one)[0].first);
    for (auto times = std::stoul((*one)[2]); times > 0; --times) out += (*one)[1];
    rest = (*one)[0].second;
  }
  return out.append(rest, text.end());
}

inline std::optional<char> escaped(const std::string& text, std::size_t& at) {
  constexpr std::string_view letters = R"(nrt\)";
  const auto letter = letters.find(text[at + 1]);
  if (letter != letters.npos) return "\n\r\t\\"[letter];
  static const std::regex hex("x[0-9a-f]{2}");
  const std::string digits = text.substr(at + 1, 3);
  if (!std::regex_match(digits, hex)) return std::nullopt;
  at += 2;
  return static_cast<char>(std::stoi(digits.substr(1), nullptr, 16));
}

/// A place in a `<` that is not meant literally: `{name}`, or `…`, which has no name.
struct gap {
  std::string name;
  std::size_t begin, end;
};

// By hand, not by a regular expression: lines of 200,000 bytes come by here.
inline std::optional<gap> next_gap(std::string_view text, std::size_t from) {
  constexpr std::string_view name_bytes = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view ellipsis = "\u2026";
  for (auto at = text.find_first_of("{\u2026", from); at != text.npos;
       at = text.find_first_of("{\u2026", at + 1)) {
    if (text.substr(at).starts_with(ellipsis)) return gap{{}, at, at + ellipsis.size()};
    const auto end = text.find_first_not_of(name_bytes, at + 1);
    if (text[at] == '{' && end > at + 1 && end != text.npos && text[end] == '}')
      return gap{std::string(text.substr(at + 1, end - at - 1)), at, end + 1};
  }
  return std::nullopt;
}

}  // namespace detail

/// The escapes of `>>` and `<<`, replaced.
inline std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool may_be = text[at] == '\\' && at + 1 < text.size();
    const auto meant = may_be ? detail::escaped(text, at) : std::nullopt;
    if (meant) ++at;
    out += meant.value_or(text[at]);
  }
  return out;
}

/// @p text with the names replaced that are known; the others stay as they are.
inline std::string with_names(const std::string& text, const bindings& known) {
  std::string out;
  std::size_t rest = 0;
  while (const auto gap = detail::next_gap(text, rest)) {
    const auto found = known.find(gap->name);
    out.append(text, rest, gap->begin - rest);
    if (found == known.end())
      out.append(text, gap->begin, gap->end - gap->begin);
    else
      out += found->second;
    rest = gap->end;
  }
  return out.append(text, rest);
}

/// Whether @p came is what a `<` (or `<<`, with @p escapes) of @p due asks for; names that are new
/// are then known.
inline bool matches(const std::string& due, bool escapes, std::string_view came, bindings& known) {
  const auto literal = [&](std::size_t from, std::size_t to) {
    const std::string part = due.substr(from, to - from);
    return escapes ? unescaped(part) : part;
  };
  bindings learnt = known;
  auto gap = detail::next_gap(due, 0);
  const std::string front = literal(0, gap ? gap->begin : due.size());
  if (!came.starts_with(front)) return false;
  came.remove_prefix(front.size());
  while (gap) {
    const auto next = detail::next_gap(due, gap->end);
    const std::string behind = literal(gap->end, next ? next->begin : due.size());
    const auto reach = next ? came.find(behind, 1) : came.size() - behind.size();
    if (came.size() <= behind.size() || reach == came.npos) return false;
    if (came.substr(reach, behind.size()) != behind) return false;
    const std::string taken(came.substr(0, reach));
    if (!gap->name.empty() && learnt.try_emplace(gap->name, taken).first->second != taken)
      return false;
    came.remove_prefix(reach + behind.size());
    gap = next;
  }
  if (came.empty()) known = std::move(learnt);
  return came.empty();
}

/// The time of day that `2026-11-23T09:31:00Z` says.
inline std::chrono::system_clock::time_point parse_time(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::istringstream in(std::regex_replace(text, std::regex("[-T:Z]"), " "));
  if (!(in >> year >> month >> day >> hour >> minute >> second))
    throw std::runtime_error("no time of day: " + text);
  using namespace std::chrono;
  return sys_days{std::chrono::year(year) / month / day} + hours(hour) + minutes(minute) +
         seconds(second);
}

/// Reads a dialogue. @throws std::runtime_error that names the file and the line
inline dialogue parse_dialogue(std::istream& in, std::string name) {
  static const std::regex form(R"(([A-Za-z][A-Za-z0-9_-]*) (\+\+|\+|>>|>|<<|<|\.|-|!)(?: (.*))?)");
  dialogue read{std::move(name), {}, {}};
  std::uint16_t chosen_port = 50'000;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto add = [&](const std::string& who, const std::string& sign, const std::string& text) {
      read.steps.push_back({number, who, sign, detail::repeated(text)});
    };
    std::smatch parts;
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("milestone ")) {
      read.milestone = line.substr(line.find(' ') + 1);
    } else if (line.starts_with("clock ")) {
      add("", "clock", line.substr(line.find(' ') + 1));
    } else if (!std::regex_match(line, parts, form)) {
      throw std::runtime_error(read.name + ":" + std::to_string(number) + ": no step: " + line);
    } else if (parts[2] == "++") {
      add(parts[1], "+", "127.0.0.1:" + std::to_string(++chosen_port));
      add(parts[1], "<", "{\"type\":\"hello\",\u2026}");
      add(parts[1], ">", R"({"type":"nick","nick":")" + parts[1].str() + R"("})");
      add(parts[1], "<", R"({"type":"welcome","nick":")" + parts[1].str() + R"("})");
    } else {
      add(parts[1], parts[2], parts[3]);
    }
  }
  if (read.milestone.empty()) throw std::runtime_error(read.name + " names no milestone");
  return read;
}

}  // namespace support
