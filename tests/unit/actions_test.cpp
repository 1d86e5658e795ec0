// What a service wants done, as data.
#include <string>
#include <vector>

#include <jalon/service.hpp>

#include "catch.hpp"

using jalon::actions;
using jalon::connection_id;

namespace {

TEST_CASE("actions are kept in order, lines with their end and their recipients") {
  actions out;
  const std::vector both = {connection_id{7}, connection_id{9}};
  out.send(connection_id{3}, "to one");
  out.send(both, "to two");
  out.close(connection_id{7});
  out.wake_at(jalon::steady_time(std::chrono::seconds(5)));
  REQUIRE(out.size() == 4);

  const auto& first = std::get<actions::send_frame>(out[0]);
  CHECK(out.frame(first) == "to one");
  CHECK(out.recipients(first).size() == 1);
  CHECK(out.recipients(first)[0] == connection_id{3});

  const auto& second = std::get<actions::send_frame>(out[1]);
  CHECK(out.frame(second) == "to two");
  CHECK(std::vector(out.recipients(second).begin(), out.recipients(second).end()) == both);

  CHECK(std::get<actions::close_connection>(out[2]).id == connection_id{7});
  CHECK(std::get<actions::wake>(out[3]).when.time_since_epoch() == std::chrono::seconds(5));
}

TEST_CASE("a line to all but one goes to the others, in their order") {
  actions out;
  const std::vector all = {connection_id{3}, connection_id{1}, connection_id{2}};
  out.send_to_others(connection_id{1}, all, "one is away");
  out.send_to_others(connection_id{4}, all, "four was not here");
  REQUIRE(out.size() == 2);

  const auto& first = std::get<actions::send_frame>(out[0]);
  CHECK(out.frame(first) == "one is away");
  CHECK(std::vector(out.recipients(first).begin(), out.recipients(first).end()) ==
        std::vector{connection_id{3}, connection_id{2}});

  const auto& second = std::get<actions::send_frame>(out[1]);
  CHECK(std::vector(out.recipients(second).begin(), out.recipients(second).end()) == all);
}

TEST_CASE("a line that is written when it is sent is written once, whoever gets it") {
  actions out;
  int written = 0;
  const auto write = [&](std::string& to) { to += "line " + std::to_string(++written); };
  const std::vector both = {connection_id{7}, connection_id{9}};
  out.send(both, "before");
  out.send(both, write);
  out.send(connection_id{3}, write);
  REQUIRE(out.size() == 3);
  CHECK(out.frame(std::get<actions::send_frame>(out[1])) == "line 1");
  CHECK(out.frame(std::get<actions::send_frame>(out[2])) == "line 2");
}

TEST_CASE("a line to nobody is not written") {
  actions out;
  const auto write = [](std::string&) { FAIL("written for nobody"); };
  out.send(std::vector<connection_id>{}, write);
  out.send_to_others(connection_id{1}, std::vector{connection_id{1}}, write);
  CHECK(out.size() == 0);
}

TEST_CASE("a line to nobody is no action") {
  actions out;
  out.send(std::vector<connection_id>{}, "to nobody");
  out.send_to_others(connection_id{1}, std::vector{connection_id{1}}, "to nobody else");
  CHECK(out.size() == 0);
}

TEST_CASE("an empty line is a line") {
  actions out;
  out.send(connection_id{1}, "");
  REQUIRE(out.size() == 1);
  CHECK(out.frame(std::get<actions::send_frame>(out[0])) == "");
}

TEST_CASE("a list of actions can be appended to itself") {
  actions out;
  out.send(std::vector{connection_id{1}, connection_id{2}}, "a line");
  out.log(connection_id{1}, "an event");
  out.append(out);
  REQUIRE(out.size() == 4);
  for (const std::size_t at : {0U, 2U}) {
    const auto& sent = std::get<actions::send_frame>(out[at]);
    CHECK(out.frame(sent) == "a line");
    CHECK(out.recipients(sent).size() == 2);
    CHECK(out.event(std::get<actions::log_event>(out[at + 1])) == "an event");
  }
}

TEST_CASE("actions that are cleared are gone, and others can come") {
  actions out;
  out.send(connection_id{1}, "old");
  out.clear();
  CHECK(out.size() == 0);
  out.send(connection_id{2}, "new");
  const auto& line = std::get<actions::send_frame>(out[0]);
  CHECK(out.frame(line) == "new");
  CHECK(out.recipients(line)[0] == connection_id{2});
}

}  // namespace
