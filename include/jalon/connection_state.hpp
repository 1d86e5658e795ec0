// The states of a connection, as a table: (phase, event) -> next phase and action. No socket is
// here, so a test goes through the whole table.
//
// The phases of TCP's and HTTP/2's streams (RFC 9293, RFC 9113 section 5.1), and those of a
// graceful close. docs/connection.md shows the table; it is made from this one.
#pragma once

#include <array>
#include <cstddef>

namespace jalon {

/// What a connection is doing.
enum class connection_phase : unsigned char {
  open,                ///< frames go both ways
  half_closed_remote,  ///< the peer has ended its output; frames still go to it
  half_closed_local,   ///< this side ends its output once all is sent; frames still come from it
  draining,            ///< closing: sends what is queued, discards what comes
  leaving,             ///< the same, and closes then without waiting for the peer's end
  finishing,           ///< closing: sends what is queued; nothing comes any more
  lingering,           ///< all is sent, this side is ended: discards until the peer ends its side
  closed,              ///< the socket is closed
};

/// What happens to a connection.
enum class connection_event : unsigned char {
  end_of_input,  ///< the peer has ended its output, and all its frames are delivered
  end_output,    ///< the owner ends the output
  close,         ///< the owner closes the connection
  leave,         ///< the owner closes it without waiting for the peer
  all_sent,      ///< the write queue is empty
  timed_out,     ///< closing, and the peer has not kept a deadline
  broken,        ///< reading or writing has failed
  abort,         ///< the owner closes the socket at once
};

/// What a connection does when it goes to the next phase. Two more things follow from the phases
/// themselves: the drain timer starts when it begins to close; the socket is closed in `closed`.
enum class connection_action : unsigned char {
  none,             ///< nothing besides
  report_end,       ///< calls `ended`
  shut_down_write,  ///< ends the output: shutdown(2) with SHUT_WR
};

/// One row of the table.
struct connection_transition {
  connection_phase from;                               ///< in this phase
  connection_event on;                                 ///< this event
  connection_phase to;                                 ///< leads to this phase
  connection_action action = connection_action::none;  ///< with this action
};

namespace detail {

inline constexpr std::size_t phase_count = 8;
inline constexpr std::size_t event_count = 8;

}  // namespace detail

/// The table. An event that has no row in a phase changes nothing.
inline constexpr auto connection_transitions = [] {
  using phase = connection_phase;
  using event = connection_event;
  using action = connection_action;
  return std::array{
      connection_transition{phase::open, event::end_of_input, phase::half_closed_remote,
                            action::report_end},
      connection_transition{phase::open, event::end_output, phase::half_closed_local},
      connection_transition{phase::open, event::close, phase::draining},
      connection_transition{phase::open, event::leave, phase::leaving},
      connection_transition{phase::open, event::broken, phase::closed, action::report_end},
      connection_transition{phase::open, event::abort, phase::closed},

      connection_transition{phase::half_closed_remote, event::end_output, phase::finishing},
      connection_transition{phase::half_closed_remote, event::close, phase::finishing},
      connection_transition{phase::half_closed_remote, event::leave, phase::finishing},
      connection_transition{phase::half_closed_remote, event::broken, phase::closed,
                            action::report_end},
      connection_transition{phase::half_closed_remote, event::abort, phase::closed},

      connection_transition{phase::half_closed_local, event::all_sent, phase::half_closed_local,
                            action::shut_down_write},
      connection_transition{phase::half_closed_local, event::end_of_input, phase::finishing,
                            action::report_end},
      connection_transition{phase::half_closed_local, event::close, phase::draining},
      connection_transition{phase::half_closed_local, event::leave, phase::leaving},
      connection_transition{phase::half_closed_local, event::broken, phase::closed,
                            action::report_end},
      connection_transition{phase::half_closed_local, event::abort, phase::closed},

      connection_transition{phase::draining, event::end_of_input, phase::finishing},
      connection_transition{phase::draining, event::leave, phase::leaving},
      connection_transition{phase::draining, event::all_sent, phase::lingering,
                            action::shut_down_write},
      connection_transition{phase::draining, event::timed_out, phase::closed},
      connection_transition{phase::draining, event::broken, phase::closed},
      connection_transition{phase::draining, event::abort, phase::closed},

      connection_transition{phase::leaving, event::end_of_input, phase::finishing},
      connection_transition{phase::leaving, event::all_sent, phase::closed,
                            action::shut_down_write},
      connection_transition{phase::leaving, event::timed_out, phase::closed},
      connection_transition{phase::leaving, event::broken, phase::closed},
      connection_transition{phase::leaving, event::abort, phase::closed},

      connection_transition{phase::finishing, event::all_sent, phase::closed},
      connection_transition{phase::finishing, event::timed_out, phase::closed},
      connection_transition{phase::finishing, event::broken, phase::closed},
      connection_transition{phase::finishing, event::abort, phase::closed},

      connection_transition{phase::lingering, event::end_of_input, phase::closed},
      connection_transition{phase::lingering, event::leave, phase::closed},
      connection_transition{phase::lingering, event::timed_out, phase::closed},
      connection_transition{phase::lingering, event::broken, phase::closed},
      connection_transition{phase::lingering, event::abort, phase::closed},
  };
}();

namespace detail {

// The rows by phase and event: the search is done once, by the compiler.
inline constexpr auto rows_by_phase_and_event = [] {
  std::array<std::array<connection_transition, event_count>, phase_count> all{};
  for (std::size_t p = 0; p < phase_count; ++p) {
    for (std::size_t e = 0; e < event_count; ++e) {
      const auto unchanged = static_cast<connection_phase>(p);
      all[p][e] = {unchanged, static_cast<connection_event>(e), unchanged};
    }
  }
  for (const connection_transition& row : connection_transitions)
    all[static_cast<std::size_t>(row.from)][static_cast<std::size_t>(row.on)] = row;
  return all;
}();

}  // namespace detail

/// The row for @p event in @p phase; if there is none, a row that changes nothing.
constexpr const connection_transition& next_transition(connection_phase phase,
                                                       connection_event event) noexcept {
  return detail::rows_by_phase_and_event[static_cast<std::size_t>(phase)]
                                        [static_cast<std::size_t>(event)];
}

/// What a connection does with its input.
enum class input_use : unsigned char {
  deliver,  ///< reads it, and delivers its frames
  discard,  ///< reads it, so that the peer is not answered with a reset, and drops it
  ignore,   ///< does not read
};

/// What a connection does with its input in @p phase: its interest in reading.
constexpr input_use use_of_input(connection_phase phase) noexcept {
  switch (phase) {
    case connection_phase::open:
    case connection_phase::half_closed_local:
      return input_use::deliver;
    case connection_phase::draining:
    case connection_phase::leaving:
    case connection_phase::lingering:
      return input_use::discard;
    case connection_phase::half_closed_remote:
    case connection_phase::finishing:
    case connection_phase::closed:
      return input_use::ignore;
  }
  return input_use::ignore;
}

/// Whether a connection takes frames to send in @p phase.
constexpr bool accepts_output(connection_phase phase) noexcept {
  return phase == connection_phase::open || phase == connection_phase::half_closed_remote;
}

/// Whether a connection has begun to close in @p phase: it delivers nothing more.
constexpr bool is_closing(connection_phase phase) noexcept {
  return phase >= connection_phase::draining;
}

}  // namespace jalon
