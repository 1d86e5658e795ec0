// Text helpers.
#include "text.hpp"

#include <algorithm>
#include <optional>

#include <jalon/endpoint.hpp>
#include <jalon/json_text.hpp>
#include <jalon/printable.hpp>

namespace tools {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string two_digits(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return {digits[byte >> 4U], digits[byte & 15U]};
}

std::string escaped_byte(char c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  return "\\x" + two_digits(c);
}

// The first character of a text; its first byte, if that begins no valid character.
std::string_view first_character(std::string_view text) {
  return text.substr(0, std::max<std::size_t>(1, jalon::decode_utf8(text).length));
}

// Whether a character may be shown. U+FFFE and its like are no characters, and not allowed in XML.
bool is_harmless(std::string_view character) {
  const auto [code_point, length] = jalon::decode_utf8(character);
  return length != 0 && !jalon::is_deceptive(code_point) && (code_point & 0xFFFEU) != 0xFFFE;
}

std::string visible_character(std::string_view character) {
  if (is_harmless(character)) return std::string(character);
  std::string escaped;
  for (const char c : character) escaped += escaped_byte(c);
  return escaped;
}

// How many times a character stands at the beginning of a text.
std::size_t repetitions(std::string_view text, std::string_view character) {
  std::size_t times = 0;
  for (; text.starts_with(character); text.remove_prefix(character.size())) ++times;
  return times;
}

void require_room(bool has_room) {
  if (!has_room) throw template_error("a text of the dialect is larger than 4 MiB");
}

// Expands `text*3` to three copies of the text, if they have room.
std::optional<std::string> repetition(std::string_view inside, std::size_t room) {
  const auto star = inside.rfind('*');
  if (star == inside.npos || inside.find('{') != inside.npos) return std::nullopt;
  const auto times = jalon::parse_number<std::size_t>(inside.substr(star + 1));
  if (!times) return std::nullopt;
  require_room(*times <= room / std::max<std::size_t>(1, star));
  std::string result;
  for (std::size_t n = 0; n < *times; ++n) result += inside.substr(0, star);
  return result;
}

std::optional<std::string> filled(std::string_view inside, const arguments& values, escape how,
                                  std::size_t room) {
  const auto value = values.find(inside);
  return value == values.end() ? repetition(inside, room) : how(value->second);
}

}  // namespace

std::string visible(std::string_view bytes) {
  constexpr std::size_t long_run = 12;
  std::string result;
  while (!bytes.empty()) {
    const std::string_view character = first_character(bytes);
    const std::size_t times = repetitions(bytes, character);
    const bool is_run = times >= long_run;
    result += visible_character(character);
    if (is_run) result += "{" + std::to_string(times) + " times}";
    bytes.remove_prefix(is_run ? times * character.size() : character.size());
  }
  return result;
}

std::string shown(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    if (character == "\n")
      result += '\n';
    else
      result += visible_character(character);
    text.remove_prefix(character.size());
  }
  return result;
}

std::string hex(std::string_view bytes) {
  std::string result;
  for (const char c : bytes) result += (result.empty() ? "" : " ") + two_digits(c);
  return result;
}

std::string from_hex(std::string_view text) {
  std::string result;
  std::string pair;
  for (const char c : text) {
    if (digits.find(c) == digits.npos) continue;
    pair += c;
    if (pair.size() < 2) continue;
    result += static_cast<char>(digits.find(pair[0]) * 16 + digits.find(pair[1]));
    pair.clear();
  }
  return result;
}

std::string as_is(std::string_view value) { return std::string(value); }

std::string as_json(std::string_view value) {
  std::string quoted;
  jalon::append_json(quoted, value);
  return quoted.substr(1, quoted.size() - 2);
}

std::string as_html(std::string_view value) {
  std::string result;
  for (const char c : value) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

std::string bytes_to_utf8(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0U | byte >> 6U);
      text += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return text;
}

std::string bytes_from_utf8(const std::string& text) {
  std::string bytes;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto byte = static_cast<unsigned char>(text[n]);
    if (byte < 0x80 || n + 1 == text.size()) {
      bytes += text[n];
    } else {
      const auto next = static_cast<unsigned char>(text[++n]);
      bytes += static_cast<char>((byte & 3U) << 6U | (next & 0x3FU));
    }
  }
  return bytes;
}

std::string as_url_segment(std::string_view value) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  static constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string address;
  for (const char c : value) {
    if (unreserved.find(c) != unreserved.npos) {
      address += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    address += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return address;
}

std::string fill(std::string_view text, const arguments& values, escape how) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto close = text[at] == '{' ? text.find('}', at) : text.npos;
    const auto value = close == text.npos ? std::nullopt
                                          : filled(text.substr(at + 1, close - at - 1), values, how,
                                                   max_filled - result.size());
    if (value)
      result += *value;
    else
      result += text[at];
    require_room(result.size() <= max_filled);
    at = value ? close + 1 : at + 1;
  }
  return result;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    auto blank = text.rfind(' ', width);
    if (blank == text.npos || blank == 0) blank = text.find(' ', width);
    if (blank == text.npos) break;
    lines.emplace_back(text.substr(0, blank));
    text.remove_prefix(blank + 1);
  }
  lines.emplace_back(text);
  return lines;
}

std::string counted(std::size_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  const std::string_view first = jalon::utf8_prefix(text, limit);
  return std::string(first) + "... (" + counted(text.size() - first.size(), "more byte") + ")";
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const auto& word : words) {
    if (&word != &words.front()) text += separator;
    text += word;
  }
  return text;
}

}  // namespace tools
