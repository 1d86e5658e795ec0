// Names to endpoints; of names only the one that every machine has, so that no network is asked.
#include <netdb.h>

#include <algorithm>

#include <jalon/resolve.hpp>

#include "catch.hpp"
#include "support/thrown.hpp"

using jalon::endpoint;
using jalon::resolve;

namespace {

TEST_CASE("a numeric address is its own endpoint") {
  CHECK(resolve("127.0.0.1", "80") == std::vector{endpoint::loopback(80)});
  CHECK(resolve("::1", "80") == std::vector{*endpoint::parse("[::1]:80")});
  CHECK(resolve("[::1]", "80") == resolve("::1", "80"));
}

TEST_CASE("localhost is the loopback address") {
  const auto found = resolve("localhost", "8080", AF_INET);
  CHECK(std::find(found.begin(), found.end(), endpoint::loopback(8080)) != found.end());
}

TEST_CASE("one family can be asked for") {
  const auto error = support::thrown_by([] { resolve("::1", "80", AF_INET); });
  REQUIRE(error);
  CHECK(error->code().category() == jalon::resolver_category());
  CHECK_FALSE(support::thrown_by([] { resolve("::1", "80", AF_INET6); }));
}

TEST_CASE("what is not found is an error that names host and service, and why") {
  const auto error = support::thrown_by([] { resolve("127.0.0.1", "no-such-service"); });
  REQUIRE(error);
  const std::string what = error->what();
  INFO(what);
  CHECK(what.starts_with("resolve 127.0.0.1:no-such-service: "));
  CHECK(what.ends_with(::gai_strerror(error->code().value())));
  CHECK(std::string(error->code().category().name()) == "resolver");
}

}  // namespace
