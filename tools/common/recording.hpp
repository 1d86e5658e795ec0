// What went over the wire, as it happened: the story that reports tell and diagrams show.
// It is only written down here; nothing is judged.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tools {

/// What can happen on a connection, seen from the side of the client.
enum class wire_kind {
  opened,       ///< connected
  sent,         ///< one call of `send` by the client
  received,     ///< one segment from the server
  half_closed,  ///< the client said that it sends no more
  closed,       ///< the client closed
  reset,        ///< the client cut the connection
  end,          ///< the server closed
  broken,       ///< the server cut the connection
  paused,       ///< the client reads no more
  note,         ///< something else, told in `label`
};

/// One thing that happened.
struct wire_event {
  std::chrono::microseconds at{};  ///< since the beginning of the recording
  std::string who;                 ///< whose connection; empty: nobody's
  wire_kind kind = wire_kind::note;
  std::string bytes;       ///< what was sent or received, up to a bound
  std::uint64_t size = 0;  ///< how many bytes it was
  std::string label;       ///< what it means, or the text of a note
};

/// All that happened, in order.
class recording {
 public:
  /// Of one event, so many bytes are kept.
  static constexpr std::size_t kept_bytes = 64U << 10;

  recording() : start_(std::chrono::steady_clock::now()) {}

  /// Writes down what happened now. @return its index
  std::size_t add(std::string_view who, wire_kind kind, std::string_view bytes = {},
                  std::string label = {}) {
    const auto now = std::chrono::steady_clock::now();
    events_.push_back({std::chrono::duration_cast<std::chrono::microseconds>(now - start_),
                       std::string(who), kind, std::string(bytes.substr(0, kept_bytes)),
                       bytes.size(), std::move(label)});
    return events_.size() - 1;
  }

  /// Forgets what happened so far; the time goes on.
  void forget() { events_.clear(); }

  /// What happened so far, since `forget`.
  const std::vector<wire_event>& events() const noexcept { return events_; }

 private:
  std::chrono::steady_clock::time_point start_;
  std::vector<wire_event> events_;
};

/// The name of a kind in data: "sent", "received", ...
std::string_view name_of(wire_kind kind);
/// The kind of that name; `note` for any other.
wire_kind wire_kind_of(std::string_view name);

/// An event as data, and back: between processes, in reports and in files.
nlohmann::json to_json(const wire_event& event);
/// Reads what `to_json` has written. @throws nlohmann::json::exception if it is no event
wire_event event_from(const nlohmann::json& data);

}  // namespace tools
