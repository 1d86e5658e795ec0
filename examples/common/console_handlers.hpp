// What the two kinds of console have in common: what they call, and how lines look.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace example {

/// What kind of line is shown; at a terminal each has its colour.
enum class look {
  plain,    ///< what happened
  server,   ///< what the server says
  message,  ///< what a user says
  failure,  ///< what did not work
};

/// What a console calls.
struct console_handlers {
  /// A line was typed; without its end.
  std::function<void(std::string_view line)> line = {};
  /// Nothing more will be typed. Called once.
  std::function<void()> end = {};
  /// At a terminal, for the Tab key: all words that may stand behind @p before, which is what the
  /// line has up to the word that is being typed.
  std::function<std::vector<std::string>(std::string_view before)> words = {};
};

}  // namespace example
