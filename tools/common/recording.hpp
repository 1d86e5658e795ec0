// The recording of what happened on the wire. Reports and sequence diagrams are made from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tools {

/// The kinds of events on a connection, named from the client's point of view.
enum class wire_kind {
  opened,       ///< the client has connected
  sent,         ///< the client made one call of `send`
  received,     ///< the client received one segment from the server
  half_closed,  ///< the client shut down its write side
  closed,       ///< the client closed the connection
  reset,        ///< the client reset the connection
  end,          ///< the server closed the connection
  broken,       ///< the server reset the connection
  paused,       ///< the client stopped reading
  note,         ///< anything else; `label` says what
};

/// One event.
struct wire_event {
  std::chrono::microseconds at{};  ///< the time since the recording began
  std::string who;                 ///< the name of the connection; empty for a general note
  wire_kind kind = wire_kind::note;
  std::string bytes;       ///< what was sent or received, at most `recording::kept_bytes`
  std::uint64_t size = 0;  ///< the full number of bytes
  std::string label;       ///< what the bytes mean, or the text of a note
};

/// All events, in order.
class recording {
 public:
  /// The largest number of bytes that is kept of one event.
  static constexpr std::size_t kept_bytes = 64U << 10;

  recording() : start_(std::chrono::steady_clock::now()) {}

  /// Adds an event with the present time. @return its index
  std::size_t add(std::string_view who, wire_kind kind, std::string_view bytes = {},
                  std::string label = {}) {
    const auto now = std::chrono::steady_clock::now();
    events_.push_back({std::chrono::duration_cast<std::chrono::microseconds>(now - start_),
                       std::string(who), kind, std::string(bytes.substr(0, kept_bytes)),
                       bytes.size(), std::move(label)});
    return events_.size() - 1;
  }

  /// Removes all events. The clock keeps running.
  void clear() { events_.clear(); }

  /// The events since the beginning or the last `clear`.
  const std::vector<wire_event>& events() const noexcept { return events_; }

 private:
  std::chrono::steady_clock::time_point start_;
  std::vector<wire_event> events_;
};

/// The name of a kind in JSON: "sent", "received", ...
std::string_view name_of(wire_kind kind);
/// The kind of that name; `note` for any other name.
wire_kind wire_kind_of(std::string_view name);

/// A JSON document as the tools write it: indented, and in ASCII, because the bytes in it are
/// those of others and people look at the file. What is no UTF-8 is replaced.
std::string json_text(const nlohmann::json& data);
/// The same on one line.
std::string json_line(const nlohmann::json& data);

/// Converts an event to JSON, for pipes between processes, reports and files.
nlohmann::json to_json(const wire_event& event);
/// Reads what `to_json` has written. @throws nlohmann::json::exception if it is not an event
wire_event event_from(const nlohmann::json& data);

}  // namespace tools
