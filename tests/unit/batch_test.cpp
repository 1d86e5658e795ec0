// What goes to the same recipients in a row, and what does not.
#include <cstddef>
#include <string>
#include <vector>

#include <jalon/batch.hpp>

#include "catch.hpp"

using jalon::batch;
using jalon::connection_id;
using jalon::outbox;

namespace {

const std::vector to_both = {connection_id{1}, connection_id{2}};
const std::vector to_turned = {connection_id{2}, connection_id{1}};
const std::vector to_three = {connection_id{1}, connection_id{2}, connection_id{3}};

TEST_CASE("lines to the same recipients in a row become one payload") {
  outbox box;
  batch gathered;
  gathered.begin(to_both, box.add("one\n"));
  CHECK(gathered.try_add(to_both, "two\n", box));
  CHECK(gathered.try_add(to_both, "three\n", box));
  CHECK(gathered.payload().bytes() == "one\ntwo\nthree\n");
  CHECK(std::vector(gathered.recipients().begin(), gathered.recipients().end()) == to_both);
}

TEST_CASE("a line to others is not added, and goes nowhere") {
  outbox box;
  batch gathered;
  gathered.begin(to_both, box.add("one\n"));
  CHECK_FALSE(gathered.try_add(to_three, "two\n", box));
  CHECK_FALSE(gathered.try_add(to_turned, "two\n", box));
  CHECK_FALSE(gathered.try_add({}, "two\n", box));
  CHECK(gathered.try_add(to_both, "three\n", box));
  CHECK(gathered.payload().bytes() == "one\nthree\n");
}

TEST_CASE("nothing is added behind what others have put into the box, or from another box") {
  outbox box;
  outbox another;
  batch gathered;
  gathered.begin(to_both, box.add("one\n"));
  another.add("one\n");
  CHECK_FALSE(gathered.try_add(to_both, "two\n", another));
  box.add("two\n");
  CHECK_FALSE(gathered.try_add(to_both, "three\n", box));
  CHECK(gathered.payload().bytes() == "one\n");
}

TEST_CASE("nothing is added to a block that is full, and what is in it stays") {
  outbox box;
  batch gathered;
  const std::string much(std::size_t{256} << 10, 'x');
  gathered.begin(to_both, box.add(much + "\n"));
  CHECK_FALSE(gathered.try_add(to_both, "two\n", box));
  CHECK(gathered.payload().bytes() == much + "\n");
}

TEST_CASE("nothing is added in the next turn") {
  outbox box;
  batch gathered;
  gathered.begin(to_both, box.add("one\n"));
  box.end_turn();
  CHECK_FALSE(gathered.try_add(to_both, "two\n", box));
}

TEST_CASE("nothing is added before it is begun, and what begins it drops what was there") {
  outbox box;
  batch gathered;
  CHECK_FALSE(gathered.try_add({}, "one\n", box));
  CHECK_FALSE(gathered.try_add(to_both, "one\n", box));
  gathered.begin(to_both, box.add("one\n"));
  gathered.begin(to_three, box.add("two\n"));
  CHECK(gathered.payload().bytes() == "two\n");
  CHECK(gathered.recipients().size() == 3);
}

}  // namespace
