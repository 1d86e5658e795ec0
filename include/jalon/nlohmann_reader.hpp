// Reads JSON with nlohmann/json, which is headers alone: the default.
// Nothing is built of it but the flat list of json_view.hpp: what is read here is told event by
// event (SAX), so no memory is taken for each value, and nothing is recursive.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "compiled.hpp"
#include "json_view.hpp"

namespace jalon {

/// Reads lines as JSON objects. It keeps at most fifty bytes for each byte of the longest line, and
/// uses them again for each line. To be used by one thread at a time. Moving a reader makes the
/// views of what it has read invalid.
class nlohmann_reader {
 public:
  /// Reads @p line as one JSON object (RFC 8259) in UTF-8; nothing if it is not that, if it is
  /// nested more than `max_json_depth` deep, or if a number is beyond a double. An integer beyond
  /// 64 bits is read as a double. Never throws on bad input; the time is proportional to the line.
  /// @return a view of what is in this reader: good until it reads again, or goes
  /// @throws std::bad_alloc if there is no memory
  std::optional<json_object> read(std::string_view line);

 private:
  json_nodes nodes_;
  std::string texts_;  // of all names and strings, end to end, without escapes
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/nlohmann_reader.hpp"
#endif
