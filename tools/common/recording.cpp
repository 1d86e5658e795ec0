// The names of what can happen on the wire.
#include "recording.hpp"

#include <array>

namespace tools {

namespace {
constexpr std::array<std::string_view, 10> names{"opened", "sent",  "received", "half_closed",
                                                 "closed", "reset", "end",      "broken",
                                                 "paused", "note"};
}  // namespace

std::string_view name_of(wire_kind kind) { return names.at(static_cast<std::size_t>(kind)); }

wire_kind wire_kind_of(std::string_view name) {
  for (std::size_t n = 0; n < names.size(); ++n) {
    if (names[n] == name) return static_cast<wire_kind>(n);
  }
  return wire_kind::note;
}

}  // namespace tools
