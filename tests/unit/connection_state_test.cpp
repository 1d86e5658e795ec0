// The states of a connection: every phase with every event, and the page that shows the table.
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include <jalon/connection_state.hpp>

#include "catch.hpp"

using jalon::connection_action;
using jalon::connection_event;
using jalon::connection_phase;
using jalon::input_use;
using jalon::next_transition;

namespace {

constexpr std::array all_phases{connection_phase::open,
                                connection_phase::half_closed_remote,
                                connection_phase::half_closed_local,
                                connection_phase::draining,
                                connection_phase::leaving,
                                connection_phase::finishing,
                                connection_phase::lingering,
                                connection_phase::closed};
constexpr std::array all_events{connection_event::end_of_input, connection_event::end_output,
                                connection_event::close,        connection_event::leave,
                                connection_event::all_sent,     connection_event::timed_out,
                                connection_event::broken,       connection_event::abort};
static_assert(all_phases.size() == jalon::detail::phase_count);
static_assert(all_events.size() == jalon::detail::event_count);

const char* name_of(connection_phase phase) {
  constexpr std::array names{"open",    "half_closed_remote", "half_closed_local", "draining",
                             "leaving", "finishing",          "lingering",         "closed"};
  return names.at(static_cast<std::size_t>(phase));
}

const char* name_of(connection_event event) {
  constexpr std::array names{"end_of_input", "end_output", "close",  "leave",
                             "all_sent",     "timed_out",  "broken", "abort"};
  return names.at(static_cast<std::size_t>(event));
}

const char* name_of(connection_action action) {
  constexpr std::array names{"", "report_end", "shut_down_write"};
  return names.at(static_cast<std::size_t>(action));
}

const char* name_of(input_use use) {
  constexpr std::array names{"deliver", "discard", "ignore"};
  return names.at(static_cast<std::size_t>(use));
}

template <class Check>
void for_each_pair(Check check) {
  for (const auto phase : all_phases) {
    for (const auto event : all_events) {
      INFO(name_of(phase) << " and " << name_of(event));
      check(phase, event, next_transition(phase, event));
    }
  }
}

TEST_CASE("each phase and event has at most one row, and the row says so") {
  std::set<std::pair<connection_phase, connection_event>> seen;
  for (const auto& row : jalon::connection_transitions) {
    INFO(name_of(row.from) << " and " << name_of(row.on));
    CHECK(seen.insert({row.from, row.on}).second);
    const auto found = next_transition(row.from, row.on);
    CHECK(found.to == row.to);
    CHECK(found.action == row.action);
  }
}

TEST_CASE("an event without a row changes nothing") {
  std::set<std::pair<connection_phase, connection_event>> rows;
  for (const auto& row : jalon::connection_transitions) rows.insert({row.from, row.on});
  for_each_pair([&](auto phase, auto event, auto row) {
    if (rows.contains({phase, event})) return;
    CHECK(row.to == phase);
    CHECK(row.action == connection_action::none);
  });
}

TEST_CASE("a closed connection stays closed, and reports nothing") {
  for (const auto event : all_events) {
    CHECK(next_transition(connection_phase::closed, event).to == connection_phase::closed);
    CHECK(next_transition(connection_phase::closed, event).action == connection_action::none);
  }
}

TEST_CASE("no event leads back: a connection only comes nearer to its end") {
  // How far each phase is from the end: closing ones behind open ones.
  for_each_pair([](auto phase, auto, auto row) {
    if (jalon::is_closing(phase)) CHECK(jalon::is_closing(row.to));
    if (!jalon::accepts_output(phase)) CHECK_FALSE(jalon::accepts_output(row.to));
    if (jalon::use_of_input(phase) != input_use::deliver)
      CHECK(jalon::use_of_input(row.to) != input_use::deliver);
    if (jalon::use_of_input(phase) == input_use::ignore)
      CHECK(jalon::use_of_input(row.to) == input_use::ignore);
  });
}

TEST_CASE("whatever breaks or is aborted is closed; only an open connection reports the end") {
  for (const auto phase : all_phases) {
    INFO(name_of(phase));
    CHECK(next_transition(phase, connection_event::abort).to == connection_phase::closed);
    const auto broken = next_transition(phase, connection_event::broken);
    CHECK(broken.to == connection_phase::closed);
    CHECK((broken.action == connection_action::report_end) == !jalon::is_closing(phase));
  }
}

TEST_CASE("the end of the input is reported once, and only while frames are delivered") {
  for (const auto phase : all_phases) {
    INFO(name_of(phase));
    const auto row = next_transition(phase, connection_event::end_of_input);
    CHECK((row.action == connection_action::report_end) ==
          (jalon::use_of_input(phase) == input_use::deliver));
    CHECK(jalon::use_of_input(row.to) == input_use::ignore);
  }
}

TEST_CASE("every closing phase is left by a peer that does nothing more") {
  for (const auto phase : all_phases) {
    if (!jalon::is_closing(phase)) continue;
    INFO(name_of(phase));
    CHECK(next_transition(phase, connection_event::timed_out).to == connection_phase::closed);
  }
}

TEST_CASE("closing is graceful: all is sent, then both ends are awaited") {
  for (const auto phase : all_phases) {
    INFO(name_of(phase));
    if (jalon::is_closing(phase)) continue;
    auto row = next_transition(phase, connection_event::close);
    REQUIRE(jalon::is_closing(row.to));
    row = next_transition(row.to, connection_event::all_sent);
    if (row.to == connection_phase::lingering) {
      CHECK(row.action == connection_action::shut_down_write);
      row = next_transition(row.to, connection_event::end_of_input);
    }
    CHECK(row.to == connection_phase::closed);
  }
}

std::string phase_table() {
  std::ostringstream page;
  page << "| phase | input | takes output |\n| --- | --- | --- |\n";
  for (const auto phase : all_phases) {
    page << "| `" << name_of(phase) << "` | " << name_of(jalon::use_of_input(phase)) << " | "
         << (jalon::accepts_output(phase) ? "yes" : "no") << " |\n";
  }
  return page.str();
}

std::string transition_table() {
  std::ostringstream page;
  page << "| in phase | on event | goes to | action |\n| --- | --- | --- | --- |\n";
  for (const auto& row : jalon::connection_transitions) {
    page << "| `" << name_of(row.from) << "` | " << name_of(row.on) << " | `" << name_of(row.to)
         << "` | " << name_of(row.action) << " |\n";
  }
  return page.str();
}

TEST_CASE("the page about connections shows the tables as they are") {
  std::ifstream file(JALON_SOURCE_DIR "/docs/connection.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  for (const std::string& due : {phase_table(), transition_table()}) {
    INFO("docs/connection.md should contain:\n" << due);
    CHECK(page.find("\n" + due + "\n") != page.npos);
  }
}

}  // namespace
