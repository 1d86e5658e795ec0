// How far away an address may be, for a client that is told where to connect.
#include "04-files/transfer/address_scope.hpp"

#include <string>

#include "catch.hpp"

using transfer::address_scope;

TEST_CASE("the scope of an address is that of its block, at both ends of the block") {
  const auto [address, scope] = GENERATE(table<std::string, address_scope>({
      {"0.0.0.0", address_scope::none},
      {"0.255.255.255", address_scope::none},
      {"127.0.0.1", address_scope::loopback},
      {"127.255.255.255", address_scope::loopback},
      {"126.255.255.255", address_scope::global},
      {"128.0.0.0", address_scope::global},
      {"10.0.0.0", address_scope::private_network},
      {"10.255.255.255", address_scope::private_network},
      {"11.0.0.0", address_scope::global},
      {"100.63.255.255", address_scope::global},
      {"100.64.0.0", address_scope::private_network},
      {"100.127.255.255", address_scope::private_network},
      {"100.128.0.0", address_scope::global},
      {"169.253.255.255", address_scope::global},
      {"169.254.169.254", address_scope::link_local},
      {"172.15.255.255", address_scope::global},
      {"172.16.0.0", address_scope::private_network},
      {"172.31.255.255", address_scope::private_network},
      {"172.32.0.0", address_scope::global},
      {"192.168.0.1", address_scope::private_network},
      {"192.169.0.1", address_scope::global},
      {"192.0.0.8", address_scope::private_network},
      {"192.0.1.0", address_scope::global},
      {"198.18.0.5", address_scope::private_network},
      {"198.20.0.0", address_scope::global},
      {"198.51.100.7", address_scope::global},
      {"223.255.255.255", address_scope::global},
      {"224.0.0.1", address_scope::none},
      {"240.0.0.1", address_scope::none},
      {"255.255.255.255", address_scope::none},
      {"::", address_scope::none},
      {"::1", address_scope::loopback},
      {"::2", address_scope::none},
      {"::127.0.0.1", address_scope::none},
      {"::ffff:0:127.0.0.1", address_scope::none},
      {"64:ff9b:1::127.0.0.1", address_scope::private_network},
      {"64:ff9b:2::1", address_scope::none},
      {"1fff::1", address_scope::none},
      {"2000::1", address_scope::global},
      {"3fff::1", address_scope::global},
      {"4000::1", address_scope::none},
      {"2001:db8::1", address_scope::global},
      {"2001::1", address_scope::private_network},
      {"2001:1::1", address_scope::global},
      {"fe80::1", address_scope::link_local},
      {"febf::1", address_scope::link_local},
      {"fec0::1", address_scope::private_network},
      {"fc00::1", address_scope::private_network},
      {"fdff::1", address_scope::private_network},
      {"fbff::1", address_scope::none},
      {"ff02::1", address_scope::none},
      {"::ffff:127.0.0.1", address_scope::loopback},
      {"::ffff:10.0.0.1", address_scope::private_network},
      {"::ffff:198.51.100.7", address_scope::global},
      {"64:ff9b::127.0.0.1", address_scope::loopback},
      {"64:ff9b::198.51.100.7", address_scope::global},
      {"2002:7f00:1::", address_scope::loopback},
      {"2002:c0a8:1::", address_scope::private_network},
      {"2002:c633:6407::", address_scope::global},
  }));
  CAPTURE(address);
  const auto at = jalon::endpoint::ip(address, 1);
  REQUIRE(at);
  CHECK(transfer::scope_of(*at) == scope);
}

TEST_CASE("a unix socket is on this machine, and no address has no scope") {
  CHECK(transfer::scope_of(*jalon::endpoint::unix_path("/tmp/chat")) == address_scope::loopback);
  CHECK(transfer::scope_of(jalon::endpoint{}) == address_scope::none);
}

TEST_CASE("an address is the same, however it is written") {
  CHECK(transfer::is_same_address("192.0.2.1", "192.0.2.1"));
  CHECK(transfer::is_same_address("::FFFF:192.0.2.1", "192.0.2.1"));
  CHECK(transfer::is_same_address("2001:DB8:0::1", "2001:db8::1"));
  CHECK_FALSE(transfer::is_same_address("192.0.2.1", "192.0.2.2"));
  CHECK_FALSE(transfer::is_same_address("example.org", "example.org"));
  CHECK_FALSE(transfer::is_same_address("", ""));
}
