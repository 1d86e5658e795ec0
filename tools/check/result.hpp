// The result of a check: the data from which every report is written.
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

/// The outcome of a check.
enum class outcome {
  passed,
  failed,
  not_judged,  ///< nothing can be concluded; `expected` says why
};

/// The name of an outcome in JSON.
std::string name_of(outcome value);

/// A text of the catalogue, with the values of its placeholders.
struct catalogue_text {
  std::string id;
  tools::arguments values = {};
};

/// The state of a connection when a check failed.
struct connection_evidence {
  std::string who;
  bool half_sent = false;    ///< the client has sent only a part of a message
  bool reads = true;         ///< the client reads what arrives
  bool closed = false;       ///< the client has closed it
  bool half_closed = false;  ///< the client has shut down its write side
  bool ended_first = false;  ///< the program had closed it before the client did
  bool reset = false;        ///< the client has reset it
  bool quit = false;         ///< the client has asked to be disconnected
  bool ended = false;        ///< the server has closed it
  bool held = false;         ///< the server still has a descriptor for it
  std::uint64_t unread = 0;  ///< bytes in the server's receive queue
  std::uint64_t unsent = 0;  ///< bytes in the server's send queue
  int descriptor = -1;       ///< the server's descriptor, if it has one
};

/// The state of the program when a check failed, and the facts in the recording.
struct evidence {
  bool listens = false;
  bool ended = false;
  bool by_signal = false;
  int end_number = 0;           ///< the signal, or the exit status
  std::string stopped_because;  ///< why the checker stopped the program; empty if it did not
  std::string last_output;
  int cpu_percent = 0;  ///< of one core, measured for a short time after the failure
  std::size_t threads = 0;
  std::size_t descriptors = 0;
  std::size_t descriptors_before = 0;  ///< right after the start
  std::size_t descriptor_limit = 0;
  std::uint64_t memory = 0;
  std::uint64_t memory_before = 0;
  std::string waits_in;            ///< the system call in which the program is blocked
  std::string waits_on;            ///< a user's name, "keyboard", "listener", or empty
  std::uint64_t not_accepted = 0;  ///< connections in the backlog of its listening socket
  std::uint16_t requested_port = 0;
  std::uint16_t listening_port = 0;
  int signal_sent = 0;  ///< the last signal that the checker sent to it
  std::vector<connection_evidence> connections;
  std::vector<std::string> facts;  ///< the ids of facts in the recording: "early_answer", ...
};

/// Everything that is known about one check.
struct check_result {
  std::string check;
  check::outcome outcome = check::outcome::passed;
  catalogue_text expected = {};           ///< what was expected; or why it cannot be judged
  catalogue_text actual = {};             ///< what happened instead
  std::string who = {};                   ///< the peer whose expectation failed
  std::optional<std::size_t> event = {};  ///< the index of the wrong event in the recording
  std::size_t offset = 0;                 ///< the offset of the wrong byte in that event
  evidence seen = {};
  catalogue_text cause = {};
  catalogue_text other_cause = {};   ///< also possible; without an id if the evidence is clear
  std::string follows_from = {};     ///< the check that failed for the same cause
  std::string may_follow_from = {};  ///< the check whose cause may also explain this failure
  std::vector<tools::wire_event> story = {};
  std::chrono::milliseconds took{};
  unsigned runs = 1;      ///< how many times it was run
  unsigned failures = 0;  ///< how many of these runs failed
};

/// Converts a result to JSON, for pipes between processes and for the JSON report.
nlohmann::json to_json(const check_result& result);
/// Reads what `to_json` has written.
check_result from_json(const nlohmann::json& data);

}  // namespace check
