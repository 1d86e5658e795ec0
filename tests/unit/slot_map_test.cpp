// Things by ids that are never used again.
#include <set>
#include <string>

#include <jalon/slot_map.hpp>

#include "catch.hpp"

namespace {

using word_table = jalon::slot_map<std::string>;

word_table::id put(word_table& things, const std::string& thing) {
  const auto id = things.reserve();
  things.put(id, std::make_unique<std::string>(thing));
  return id;
}

TEST_CASE("a thing is found by its id until it is taken") {
  word_table things;
  const auto anna = put(things, "anna");
  const auto bob = put(things, "bob");
  REQUIRE(things.find(anna) != nullptr);
  CHECK(*things.find(anna) == "anna");
  CHECK(*things.find(bob) == "bob");
  CHECK(things.size() == 2);
  CHECK(things.ids() == std::vector<word_table::id>{anna, bob});

  CHECK(*things.take(anna) == "anna");
  CHECK(things.find(anna) == nullptr);
  CHECK(things.take(anna) == nullptr);
  CHECK(things.size() == 1);
  CHECK(things.ids() == std::vector<word_table::id>{bob});
}

TEST_CASE("no id is ever given out twice, though there is never more than one thing") {
  word_table things;
  std::set<word_table::id> given;
  for (int i = 0; i < 10'000; ++i) {
    const auto id = put(things, "thing");
    given.insert(id);
    things.take(id);
  }
  CHECK(given.size() == 10'000);
  CHECK_FALSE(given.contains(0));
}

TEST_CASE("who keeps an id too long finds nothing, not the stranger in its place") {
  word_table things;
  const auto old = put(things, "old");
  things.take(old);
  const auto stranger = put(things, "stranger");
  CHECK(things.find(old) == nullptr);
  CHECK(things.take(old) == nullptr);
  CHECK(*things.find(stranger) == "stranger");
}

TEST_CASE("an id that is reserved holds nothing until something is put there, or it is given up") {
  word_table things;
  const auto id = things.reserve();
  CHECK(things.find(id) == nullptr);
  CHECK(things.size() == 0);
  CHECK(things.ids().empty());

  SECTION("put") {
    CHECK(things.put(id, std::make_unique<std::string>("late")) == "late");
    CHECK(*things.find(id) == "late");
  }
  SECTION("given up") {
    CHECK(things.take(id) == nullptr);
    CHECK(things.size() == 0);
    CHECK(put(things, "next") != id);
  }
}

TEST_CASE("ids that were never given out find nothing and take nothing") {
  word_table things;
  const auto id = put(things, "only");
  const word_table::id never = GENERATE(word_table::id{0}, word_table::id{1}, ~word_table::id{0});
  CAPTURE(never);
  CHECK(things.find(never) == nullptr);
  CHECK(things.take(never) == nullptr);
  CHECK(*things.find(id) == "only");
}

TEST_CASE("0 is no id, not even of a place that is free") {
  word_table things;
  things.take(put(things, "gone"));
  CHECK(things.take(0) == nullptr);
  const auto first = put(things, "first");
  const auto second = put(things, "second");
  REQUIRE(things.find(first) != nullptr);
  CHECK(*things.find(first) == "first");
  CHECK(*things.find(second) == "second");
}

}  // namespace
