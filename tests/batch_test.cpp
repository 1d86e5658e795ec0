// What goes to the same recipients in a row, and what does not.
#include <vector>

#include <jalon/batch.hpp>

#include "catch.hpp"

using jalon::batch;
using jalon::connection_id;
using jalon::outbox;

namespace {

const std::vector both = {connection_id{1}, connection_id{2}};
const std::vector turned = {connection_id{2}, connection_id{1}};
const std::vector more = {connection_id{1}, connection_id{2}, connection_id{3}};

TEST_CASE("lines to the same recipients in a row become one payload") {
  outbox box;
  batch gathered;
  gathered.begin(both, box.add("one\n"));
  CHECK(gathered.try_add(both, box.add("two\n")));
  CHECK(gathered.try_add(both, box.add("three\n")));
  CHECK(gathered.lines().bytes() == "one\ntwo\nthree\n");
  CHECK(std::vector(gathered.recipients().begin(), gathered.recipients().end()) == both);
}

TEST_CASE("a line to others is not added, nor is one after a gap") {
  outbox box;
  batch gathered;
  gathered.begin(both, box.add("one\n"));
  const auto next = box.add("two\n");
  CHECK_FALSE(gathered.try_add(more, next));
  CHECK_FALSE(gathered.try_add(turned, next));
  CHECK_FALSE(gathered.try_add({}, next));
  CHECK_FALSE(gathered.try_add(both, box.add("three\n")));
  outbox another;
  another.add("one\n");
  CHECK_FALSE(gathered.try_add(both, another.add("where the next would be\n")));
  CHECK(gathered.lines().bytes() == "one\n");
}

TEST_CASE("nothing is added before it is begun, and what begins it drops what was there") {
  outbox box;
  batch gathered;
  const auto line = box.add("one\n");
  CHECK_FALSE(gathered.try_add({}, line));
  CHECK_FALSE(gathered.try_add(both, line));
  gathered.begin(both, line);
  gathered.begin(more, box.add("two\n"));
  CHECK(gathered.lines().bytes() == "two\n");
  CHECK(gathered.recipients().size() == 3);
}

}  // namespace
