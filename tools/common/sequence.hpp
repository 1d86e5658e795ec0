// A recording as a sequence diagram: one lane a connection, the server in the middle; HTML and SVG.
// What was wrong with it is found elsewhere; it is marked here.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dialect.hpp"
#include "recording.hpp"

namespace tools {

/// What is drawn.
struct sequence {
  const std::vector<wire_event>& story;
  const dialect& speech;                  ///< finds the messages
  std::optional<std::size_t> wrong = {};  ///< the event that is marked
  std::string id;                         ///< of this diagram on its page
  /// "Show", "calls of send", "segments received", "messages", "server" in the reader's language.
  std::array<std::string, 5> words;
  std::function<std::string(const wire_event&)> say;  ///< an event as a sentence
  std::string missing = {};                           ///< what should have come in the end
};

/// The diagram, and the choice of its layers.
std::string sequence_diagram(const sequence& what);

/// The beginning of a page that has its style in itself, and its end.
std::string page_begin(const std::string& title);
/// The end of a page.
std::string page_end();

}  // namespace tools
