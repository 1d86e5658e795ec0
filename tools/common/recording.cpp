// The names of events, and their JSON format.
#include "recording.hpp"

#include <array>

#include "text.hpp"

namespace tools {

namespace {
constexpr std::array<std::string_view, 10> kind_names{"opened", "sent",  "received", "half_closed",
                                                      "closed", "reset", "end",      "broken",
                                                      "paused", "note"};
}  // namespace

std::string_view name_of(wire_kind kind) { return kind_names.at(static_cast<std::size_t>(kind)); }

wire_kind wire_kind_of(std::string_view name) {
  for (std::size_t n = 0; n < kind_names.size(); ++n) {
    if (kind_names[n] == name) return static_cast<wire_kind>(n);
  }
  return wire_kind::note;
}

std::string json_text(const nlohmann::json& data) {
  return data.dump(1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string json_line(const nlohmann::json& data) {
  return data.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

nlohmann::json to_json(const wire_event& event) {
  return {{"us", event.at.count()},      {"who", event.who},
          {"kind", name_of(event.kind)}, {"bytes", bytes_to_utf8(event.bytes)},
          {"size", event.size},          {"label", bytes_to_utf8(event.label)}};
}

wire_event event_from(const nlohmann::json& data) {
  return {std::chrono::microseconds(data.at("us").get<std::int64_t>()),
          data.at("who").get<std::string>(),
          wire_kind_of(data.at("kind").get<std::string>()),
          bytes_from_utf8(data.at("bytes").get<std::string>()),
          data.at("size").get<std::uint64_t>(),
          bytes_from_utf8(data.at("label").get<std::string>())};
}

}  // namespace tools
