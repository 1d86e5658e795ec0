// Endpoints as values: parsed, printed, compared.
#include <net/if.h>

#include <vector>

#include <jalon/endpoint.hpp>

#include "catch.hpp"

using jalon::endpoint;

namespace {

std::string loopback_interface() {
  char name[IF_NAMESIZE] = {};
  ::if_indextoname(1, name);
  return name;
}

TEST_CASE("an endpoint is printed as it was written") {
  const std::string text = GENERATE("127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535",
                                    "[::1]:80", "[::]:0", "[2001:db8::17]:8080", "unix:/tmp/chat",
                                    "unix:relative", "unix:a:b:c", "unix:[x]:1", "unix: ");
  const auto parsed = endpoint::parse(text);
  REQUIRE(parsed);
  CHECK(parsed->to_string() == text);
}

TEST_CASE("other ways to write an endpoint are printed in the one way") {
  const auto [written, printed] = GENERATE(table<std::string, std::string>({
      {"[0:0:0:0:0:0:0:1]:80", "[::1]:80"},
      {"[2001:DB8::A]:80", "[2001:db8::a]:80"},
      {"127.0.0.1:080", "127.0.0.1:80"},
      {"[::ffff:127.0.0.1]:1", "127.0.0.1:1"},
      {"[::ffff:0:0]:1", "0.0.0.0:1"},
      {"[::ffff:c000:207%7]:1", "192.0.2.7:1"},
      {"[::fffe:192.0.2.7]:1", "[::fffe:c000:207]:1"},
  }));
  const auto parsed = endpoint::parse(written);
  REQUIRE(parsed);
  CHECK(parsed->to_string() == printed);
}

TEST_CASE("what is no endpoint is refused") {
  const std::string text = GENERATE(
      "", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
      "127.0.0.1: 80", "127.0.0.1:80 ", " 127.0.0.1:80", "127.0.0:80", "127.0.0.256:80",
      "0x7f.1:80", "localhost:80", "::1:80", "[::1]", "[::1:80", "::1]:80", "[]:80", "[::g]:80",
      "[127.0.0.1]:80", "[::1]]:80", "[::1%]:80", "[::1%0]:80", "[fe80::1%no-such-thing]:80",
      "[fe80::1%a-name-longer-than-names-of-interfaces-are]:80", "unix:", "127.0.0.1:80:80",
      "[1111:2222:3333:4444:5555:6666:7777:8888:9999]:1",
      "1111111111111111111111111111111111111111111111111111:80");
  INFO("parsed: " << text);
  CHECK_FALSE(endpoint::parse(text));
}

TEST_CASE("a zero byte in an endpoint does not hide what stands behind it") {
  using namespace std::string_view_literals;
  CHECK_FALSE(endpoint::parse("127.0.0.1\0.evil:80"sv));
  CHECK_FALSE(endpoint::parse("[::1\0]:80"sv));
  CHECK_FALSE(endpoint::parse("[fe80::1%lo\0x]:80"sv));
  CHECK_FALSE(endpoint::parse("unix:/tmp/a\0b"sv));
  CHECK_FALSE(endpoint::parse("127.0.0.1:80\0"sv));
}

TEST_CASE("an address and a port are read back from an endpoint") {
  const auto v4 = endpoint::ip("192.0.2.7", 4321);
  REQUIRE(v4);
  CHECK(v4->family() == AF_INET);
  CHECK(v4->address() == "192.0.2.7");
  CHECK(v4->port() == 4321);
  CHECK(v4->size() == sizeof(sockaddr_in));

  const auto v6 = endpoint::ip("2001:db8::7", 4321);
  REQUIRE(v6);
  CHECK(v6->family() == AF_INET6);
  CHECK(v6->address() == "2001:db8::7");
  CHECK(v6->port() == 4321);
  CHECK(v6->size() == sizeof(sockaddr_in6));

  CHECK_FALSE(endpoint::ip("a name", 80));
  CHECK_FALSE(endpoint::ip("", 80));
}

TEST_CASE("the scope of an IPv6 address is read as a name or a number, and printed as a name") {
  const std::string interface = loopback_interface();
  const auto by_name = endpoint::parse("[fe80::1%" + interface + "]:80");
  const auto by_number = endpoint::parse("[fe80::1%1]:80");
  REQUIRE(by_name);
  REQUIRE(by_number);
  CHECK(*by_name == *by_number);
  CHECK(by_number->to_string() == "[fe80::1%" + interface + "]:80");

  SECTION("one of an interface that is not there is printed as the number it is") {
    const auto nowhere = endpoint::parse("[fe80::1%4000000000]:80");
    REQUIRE(nowhere);
    CHECK(nowhere->to_string() == "[fe80::1%4000000000]:80");
    CHECK(*nowhere != *by_number);
  }
}

// As the system gives the address of a peer.
endpoint from_system(const std::string& address, std::uint16_t port, std::uint32_t scope = 0) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_scope_id = scope;
  REQUIRE(::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1);
  return {reinterpret_cast<const sockaddr*>(&v6), sizeof v6};
}

TEST_CASE("an IPv4-mapped address is the IPv4 address that it holds") {
  const endpoint mapped = from_system("::ffff:192.0.2.7", 4321);
  CHECK(mapped.address() == "192.0.2.7");
  CHECK(mapped.address_without_scope() == "192.0.2.7");
  CHECK(mapped.to_string() == "192.0.2.7:4321");
  CHECK(mapped.port() == 4321);
  CHECK(mapped == *endpoint::ip("192.0.2.7", 4321));
  CHECK(mapped != *endpoint::ip("192.0.2.7", 4322));
  CHECK(mapped != *endpoint::ip("192.0.2.8", 4321));
  CHECK(endpoint::parse(mapped.to_string()) == mapped);

  SECTION("the system's one can still be used on an IPv6 socket") {
    CHECK(mapped.family() == AF_INET6);
    CHECK(mapped.size() == sizeof(sockaddr_in6));
  }
  SECTION("one that is read can be used without IPv6") {
    CHECK(endpoint::ip("::ffff:192.0.2.7", 1)->family() == AF_INET);
    CHECK(endpoint::parse("[::ffff:192.0.2.7]:1")->family() == AF_INET);
  }
  SECTION("it has no scope") {
    CHECK(from_system("::ffff:192.0.2.7", 80, 1).address() == "192.0.2.7");
  }
}

TEST_CASE("an address for other hosts has no scope") {
  const endpoint link_local = from_system("fe80::1", 80, 1);
  CHECK(link_local.address() == "fe80::1%" + loopback_interface());
  CHECK(link_local.address_without_scope() == "fe80::1");
  CHECK(from_system("2001:db8::7", 80).address_without_scope() == "2001:db8::7");
  CHECK(endpoint::unix_path("/a%b")->address_without_scope() == "/a%b");
  CHECK(endpoint().address_without_scope().empty());
}

TEST_CASE("a link-local address gets the scope of the local endpoint") {
  const endpoint local = from_system("fe80::99", 9, 7);
  CHECK(from_system("fe80::1", 80).with_scope_of(local) == from_system("fe80::1", 80, 7));

  SECTION("but not if it has one, or is of another kind, or there is none") {
    CHECK(from_system("fe80::1", 80, 3).with_scope_of(local) == from_system("fe80::1", 80, 3));
    CHECK(from_system("fd00::1", 80).with_scope_of(local) == from_system("fd00::1", 80));
    CHECK(endpoint::loopback(80).with_scope_of(local) == endpoint::loopback(80));
    CHECK(from_system("fe80::1", 80).with_scope_of(endpoint::loopback(9)) ==
          from_system("fe80::1", 80));
  }
}

TEST_CASE("a unix path has 1 to 107 bytes") {
  const std::size_t most = sizeof(sockaddr_un{}.sun_path) - 1;
  CHECK_FALSE(endpoint::unix_path(""));
  CHECK_FALSE(endpoint::unix_path(std::string(most + 1, 'p')));

  const auto longest = endpoint::unix_path(std::string(most, 'p'));
  REQUIRE(longest);
  CHECK(longest->family() == AF_UNIX);
  CHECK(longest->port() == 0);
  CHECK(longest->address() == std::string(most, 'p'));
}

TEST_CASE("an endpoint of nothing is printed as nothing") {
  const endpoint none;
  CHECK(none.family() == AF_UNSPEC);
  CHECK(none.to_string().empty());
  CHECK(none.address().empty());
  CHECK(none.port() == 0);
  CHECK(none == endpoint{});
}

TEST_CASE("a unix socket without a name has an empty address") {
  const sa_family_t family = AF_UNIX;
  const endpoint unnamed(reinterpret_cast<const sockaddr*>(&family), sizeof family);
  CHECK(unnamed.family() == AF_UNIX);
  CHECK(unnamed.to_string() == "unix:");
}

TEST_CASE("more than an address can have is not copied") {
  sockaddr_storage storage{};
  storage.ss_family = AF_INET;
  const endpoint bounded(reinterpret_cast<const sockaddr*>(&storage), sizeof storage + 1000);
  CHECK(bounded.size() == sizeof storage);
}

TEST_CASE("the loopback address and any address need no text") {
  CHECK(endpoint::loopback(80).to_string() == "127.0.0.1:80");
  CHECK(endpoint::any(0).to_string() == "0.0.0.0:0");
}

TEST_CASE("endpoints are the same when family, address, port and scope are") {
  const std::vector<std::string> ordered = {"127.0.0.1:80", "127.0.0.1:81",  "127.0.0.2:80",
                                            "[::1]:80",     "[::1%7777]:80", "[::1%7778]:80"};
  for (const auto& left : ordered) {
    for (const auto& right : ordered) {
      CAPTURE(left, right);
      CHECK((endpoint::parse(left) == endpoint::parse(right)) == (left == right));
    }
  }
  CHECK(endpoint::loopback(80) < endpoint::loopback(81));
  CHECK(endpoint::unix_path("/a") < endpoint::unix_path("/b"));
}

TEST_CASE("what the system leaves in the padding makes no endpoint another one") {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::fill(std::begin(address.sin_zero), std::end(address.sin_zero),
            static_cast<unsigned char>(1));
  const endpoint padded(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  CHECK(padded == endpoint::loopback(80));
}

TEST_CASE("a number is all of its text and within its type") {
  CHECK(jalon::parse_number<int>("-17") == -17);
  CHECK(jalon::parse_number<std::uint16_t>("65535") == 65535);
  for (const char* text : {"", "65536", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.0"}) {
    CAPTURE(text);
    CHECK_FALSE(jalon::parse_number<std::uint16_t>(text));
  }
}

}  // namespace
