// How far from this machine an IP address may be: only here, on the same network, or anywhere. A
// client that is told where to connect compares it with where the chat's server is. No socket is
// opened here. Chapter: tutorial/04-files.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <jalon/endpoint.hpp>

namespace transfer {

/// The scopes of addresses, the nearest first (RFC 4007; the ranges: RFC 6890, RFC 4291, RFC 8215).
enum class address_scope {
  none,             ///< no single machine: unspecified, multicast, broadcast, reserved
  loopback,         ///< this machine
  link_local,       ///< a machine on the same link
  private_network,  ///< a machine of the same site
  global,           ///< a machine anywhere
};

namespace detail {

using ipv4_bytes = std::array<std::uint8_t, 4>;
using ipv6_bytes = std::array<std::uint8_t, 16>;

// A block of addresses: those that begin with the first `bits` bits of `begin`.
template <class Bytes>
struct address_block {
  Bytes begin;
  std::size_t bits;
  address_scope scope;
};

inline constexpr std::array ipv4_blocks = {
    address_block<ipv4_bytes>{{0}, 8, address_scope::none},
    address_block<ipv4_bytes>{{127}, 8, address_scope::loopback},
    address_block<ipv4_bytes>{{169, 254}, 16, address_scope::link_local},
    address_block<ipv4_bytes>{{10}, 8, address_scope::private_network},
    address_block<ipv4_bytes>{{100, 64}, 10, address_scope::private_network},
    address_block<ipv4_bytes>{{172, 16}, 12, address_scope::private_network},
    address_block<ipv4_bytes>{{192, 0, 0}, 24, address_scope::private_network},
    address_block<ipv4_bytes>{{192, 168}, 16, address_scope::private_network},
    address_block<ipv4_bytes>{{198, 18}, 15, address_scope::private_network},
    address_block<ipv4_bytes>{{224}, 4, address_scope::none},
    address_block<ipv4_bytes>{{240}, 4, address_scope::none},
    address_block<ipv4_bytes>{{0}, 0, address_scope::global},
};

// Of the whole space, 2000::/3 is given to networks. What is in no block here is for nobody.
inline constexpr std::array ipv6_blocks = {
    address_block<ipv6_bytes>{
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, address_scope::loopback},
    address_block<ipv6_bytes>{{0xFE, 0x80}, 10, address_scope::link_local},
    address_block<ipv6_bytes>{{0xFE, 0xC0}, 10, address_scope::private_network},
    address_block<ipv6_bytes>{{0xFC}, 7, address_scope::private_network},
    address_block<ipv6_bytes>{{0, 0x64, 0xFF, 0x9B, 0, 1}, 48, address_scope::private_network},
    // Teredo (RFC 4380): the way leads through an IPv4 address in it, which may be near.
    address_block<ipv6_bytes>{{0x20, 0x01}, 32, address_scope::private_network},
    address_block<ipv6_bytes>{{0x20}, 3, address_scope::global},
};

// An IPv6 block whose addresses stand for IPv4 addresses, and where these begin in them.
struct translated_block {
  ipv6_bytes begin;
  std::size_t bits;
  std::size_t ipv4_at;
};

inline constexpr std::array translated_blocks = {
    translated_block{{0, 0x64, 0xFF, 0x9B}, 96, 12},  // NAT64, RFC 6052
    translated_block{{0x20, 0x02}, 16, 2},            // 6to4, RFC 3056
};

template <class Bytes>
bool is_in_block(const Bytes& address, const Bytes& begin, std::size_t bits) {
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(begin.begin(), begin.begin() + whole, address.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto differing = address[bits / 8] ^ begin[bits / 8];
  return (differing >> (8 - bits % 8)) == 0;
}

template <class Bytes, class Blocks>
address_scope scope_in(const Bytes& address, const Blocks& blocks) {
  const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const auto& block) {
    return is_in_block(address, block.begin, block.bits);
  });
  return found == blocks.end() ? address_scope::none : found->scope;
}

inline std::optional<ipv4_bytes> translated(const ipv6_bytes& address) {
  for (const translated_block& block : translated_blocks) {
    if (!is_in_block(address, block.begin, block.bits)) continue;
    ipv4_bytes found;
    std::copy_n(address.begin() + static_cast<std::ptrdiff_t>(block.ipv4_at), found.size(),
                found.begin());
    return found;
  }
  return std::nullopt;
}

template <class Bytes, class Address, class Member>
Bytes bytes_of(const jalon::endpoint& of, Member Address::*member) {
  Address address;
  std::memcpy(&address, of.data(), sizeof address);
  Bytes bytes;
  std::memcpy(bytes.data(), &(address.*member), bytes.size());
  return bytes;
}

}  // namespace detail

/// The scope of an endpoint's address. An IPv6 address that stands for an IPv4 address has the
/// scope of that one. A unix socket is on this machine; no address has the scope `none`.
inline address_scope scope_of(const jalon::endpoint& of) {
  if (const auto ipv4 = of.mapped_ipv4()) return scope_of(*ipv4);
  if (of.family() == AF_UNIX) return address_scope::loopback;
  if (of.family() == AF_INET) {
    const auto bytes = detail::bytes_of<detail::ipv4_bytes>(of, &sockaddr_in::sin_addr);
    return detail::scope_in(bytes, detail::ipv4_blocks);
  }
  if (of.family() != AF_INET6) return address_scope::none;
  const auto bytes = detail::bytes_of<detail::ipv6_bytes>(of, &sockaddr_in6::sin6_addr);
  const auto ipv4 = detail::translated(bytes);
  return ipv4 ? detail::scope_in(*ipv4, detail::ipv4_blocks)
              : detail::scope_in(bytes, detail::ipv6_blocks);
}

/// Whether two texts are the same address, however they are written: `::FFFF:192.0.2.1` is
/// `192.0.2.1`. A text that is no address is not the same as any.
inline bool is_same_address(std::string_view one, std::string_view other) {
  const auto here = jalon::endpoint::ip(one, 0);
  const auto there = jalon::endpoint::ip(other, 0);
  return here && there && here->address_without_scope() == there->address_without_scope();
}

}  // namespace transfer
