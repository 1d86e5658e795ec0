// Sequence diagrams in HTML and SVG: one lane per connection, with the server in the middle.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dialect.hpp"
#include "recording.hpp"

namespace tools {

/// What a diagram shows.
struct sequence {
  const std::vector<wire_event>& story;
  const tools::dialect& dialect;          ///< finds the messages in the bytes
  std::optional<std::size_t> wrong = {};  ///< the index of the event to highlight
  std::string id;                         ///< the diagram's id, unique on its page
  /// "Show", "calls of send", "segments received", "messages", "server" in the reader's language.
  std::array<std::string, 5> labels;
  std::function<std::string(const wire_event&)> describe;  ///< renders an event as a sentence
  std::string missing = {};  ///< what was expected at the end and did not arrive
};

/// Renders the diagram, with check boxes for its layers.
std::string sequence_diagram(const sequence& diagram);

/// The beginning of a page, with the style sheet inline.
std::string page_begin(const std::string& title);
/// The end of a page, with the script inline.
std::string page_end();

}  // namespace tools
