// The connections to which the same lines go.
#include "chat/recipient_list.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "catch.hpp"

namespace {

TEST_CASE("a list of recipients has each once, and leaves one out wherever they are") {
  chat::recipient_list list;
  const auto sorted = [](std::span<const jalon::connection_id> ids) {
    std::vector<jalon::connection_id> all(ids.begin(), ids.end());
    std::sort(all.begin(), all.end());
    return all;
  };
  const jalon::connection_id a{1};
  const jalon::connection_id b{2};
  const jalon::connection_id c{3};
  const jalon::connection_id nobody{4};
  CHECK(list.empty());
  list.remove(a);
  for (const jalon::connection_id who : {a, b, c, b}) list.add(who);
  CHECK(list.size() == 3);
  for (int round = 0; round < 2; ++round) {  // leaving out changes the order
    CHECK(sorted(list.all_except(a)) == std::vector{b, c});
    CHECK(sorted(list.all_except(b)) == std::vector{a, c});
    CHECK(sorted(list.all_except(c)) == std::vector{a, b});
    CHECK(sorted(list.all_except(nobody)) == std::vector{a, b, c});
  }
  list.remove(b);
  list.remove(nobody);
  CHECK(sorted(list.all()) == std::vector{a, c});
  list.add(b);
  list.remove(a);
  list.remove(c);
  CHECK(sorted(list.all()) == std::vector{b});
  list.remove(b);
  CHECK(list.empty());
}

}  // namespace
