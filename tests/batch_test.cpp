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
  CHECK(gathered.takes(both, box.add("two\n")));
  CHECK(gathered.takes(both, box.add("three\n")));
  CHECK(gathered.lines().bytes() == "one\ntwo\nthree\n");
  CHECK(std::vector(gathered.recipients().begin(), gathered.recipients().end()) == both);
}

TEST_CASE("a line to others is not taken, nor is one after a gap") {
  outbox box;
  batch gathered;
  gathered.begin(both, box.add("one\n"));
  const auto next = box.add("two\n");
  CHECK_FALSE(gathered.takes(more, next));
  CHECK_FALSE(gathered.takes(turned, next));
  CHECK_FALSE(gathered.takes({}, next));
  CHECK_FALSE(gathered.takes(both, box.add("three\n")));
  CHECK_FALSE(gathered.takes(both, jalon::make_payload("of another block\n")));
  CHECK(gathered.lines().bytes() == "one\n");
}

TEST_CASE("cleared, it holds no block, and takes nothing before it is begun again") {
  outbox box;
  batch gathered;
  const auto line = box.add("one\n");
  gathered.begin(both, line);
  gathered.clear();
  CHECK(line.block.use_count() == 2);  // the box, and this
  CHECK(gathered.recipients().empty());
  CHECK_FALSE(gathered.takes(both, line));
  gathered.begin(more, line);
  CHECK(gathered.recipients().size() == 3);
}

}  // namespace
