// Reads JSON with nlohmann/json, which is header-only: the default parser.
// The parser reports events (SAX), which fill the flat list of json_view.hpp. So there is no
// allocation for each value, and no recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "compiled.hpp"
#include "json_view.hpp"

namespace jalon {

/// Reads lines as JSON objects. It keeps at most 50 bytes of memory for each byte of the longest
/// line, and reuses them for each line. For one thread at a time. Moving a reader invalidates the
/// views of what it has read.
class nlohmann_reader {
 public:
  /// Reads @p line as one JSON object (RFC 8259) in UTF-8. An integer of more than 64 bits is read
  /// as a double. Never throws on bad input. Takes time proportional to the length of the line.
  /// @return a view of this reader's memory, valid until it reads again or is destroyed;
  /// `std::nullopt` if @p line is not a JSON object, is nested more than `max_json_depth` deep, or
  /// contains a number that is too large for a double
  /// @throws std::bad_alloc if there is no memory
  std::optional<json_object> read(std::string_view line);

 private:
  json_nodes nodes_;
  std::string texts_;  // all names and strings, concatenated, with their escapes decoded
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/nlohmann_reader.hpp"
#endif
