// What all kinds of console share: their handlers, how a line looks, what a terminal can do.
#pragma once

#include <stdlib.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace program {

/// The kind of a line that is shown; at a terminal each kind has a colour.
enum class look {
  plain,    ///< what happened
  server,   ///< what the server says
  message,  ///< what a user says
  failure,  ///< what failed
};

/// When the user began to type a line: how many prompts had been set by then, or more, if no prompt
/// is shown. Nothing if only the terminal knows what was typed before Enter.
using line_begin = std::optional<std::uint64_t>;

/// Of a line that counts as begun after every prompt.
inline constexpr line_begin begun_last = std::numeric_limits<std::uint64_t>::max();

/// What a console calls.
struct console_handlers {
  /// A line was typed; without its end.
  std::function<void(std::string_view line)> line = {};
  /// Nothing more will be typed. Called once.
  std::function<void()> end = {};
  /// At a terminal, for the Tab key: returns all words that may follow @p before, the part of the
  /// line before the word that is being typed.
  std::function<std::vector<std::string>(std::string_view before)> words = {};
};

/// The value of an environment variable; empty if there is none.
inline std::string_view environment(const char* name) {
  const char* const value = ::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

/// Whether the terminal obeys the sequences that move its cursor and clear a line.
inline bool moves_cursor() { return !environment("TERM").empty() && environment("TERM") != "dumb"; }

}  // namespace program
