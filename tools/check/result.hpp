// What came of a check: the one type that every report is written from.
// Nothing is judged or worded here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/recording.hpp"
#include "common/text.hpp"

namespace check {

/// How a check came out.
enum class outcome {
  passed,
  failed,
  not_judged,  ///< nothing can be said; `due` says why
};

/// The name of an outcome in data.
std::string name_of(outcome value);

/// A text of the catalogue, with what fills it in.
struct said {
  std::string id;
  tools::arguments values = {};
};

/// What the checker saw of a connection when a check failed.
struct connection_evidence {
  std::string who;
  bool half_sent = false;    ///< a message of it was sent in part
  bool reads = true;         ///< the client takes what comes
  bool closed = false;       ///< by the client, in order
  bool half_closed = false;  ///< by the client
  bool ended_first = false;  ///< the program had closed before
  bool reset = false;        ///< by the client
  bool quit = false;         ///< the client asked to be let go
  bool ended = false;        ///< by the server
  bool held = false;         ///< the server still has a descriptor for it
  std::uint64_t unread = 0;  ///< bytes that the server has not read
  std::uint64_t unsent = 0;  ///< bytes that the server's system cannot get rid of
  int descriptor = -1;       ///< the server's, if it has one
};

/// What the system told of the program when a check failed, and what the recording shows.
struct evidence {
  bool listens = false;
  bool ended = false;
  bool by_signal = false;
  int end_number = 0;           ///< the signal, or the exit status
  std::string stopped_because;  ///< by the checker
  std::string last_words;
  int cpu_percent = 0;  ///< of one core, over a moment after the failure
  std::size_t threads = 0;
  std::size_t descriptors = 0;
  std::size_t descriptors_before = 0;  ///< when it had just started
  std::size_t descriptor_limit = 0;
  std::uint64_t memory = 0;
  std::uint64_t memory_before = 0;
  std::string waits_in;            ///< the call
  std::string waits_on;            ///< a user's name, "keyboard", "listener", or empty
  std::uint64_t not_accepted = 0;  ///< connections that wait at its listening socket
  std::uint16_t told_port = 0;
  std::uint16_t listening_port = 0;
  int signal_sent = 0;  ///< the last that the checker sent it
  std::vector<connection_evidence> connections;
  std::vector<std::string> facts;  ///< what the recording shows: "early_answer", ...
};

/// All that is known of one check.
struct result {
  std::string check;
  outcome came_out = outcome::passed;
  said due = {};                          ///< what was due; why nothing can be said
  said came = {};                         ///< what came instead
  std::string who = {};                   ///< on whose connection
  std::optional<std::size_t> event = {};  ///< in which event of the recording
  std::size_t offset = 0;                 ///< at which byte of it
  evidence seen = {};
  said cause = {};
  std::string follows_from = {};     ///< the check that failed for the same cause
  std::string may_follow_from = {};  ///< the check whose cause may be behind this one too
  std::vector<tools::wire_event> story = {};
  std::chrono::milliseconds took{};
  unsigned runs = 1;      ///< how often it was run
  unsigned failures = 0;  ///< how often it failed
};

/// A result as data, and back: between processes, and in the JSON report.
nlohmann::json to_json(const result& one);
/// Reads what `to_json` has written.
result from_json(const nlohmann::json& data);

}  // namespace check
