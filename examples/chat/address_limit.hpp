// Counts the connections of each address, so that one machine cannot take all of a server's.
// Chapter: tutorial/02-users.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>

#include <jalon/endpoint.hpp>

namespace chat {

/// Counts connections by address. Of an IPv6 address the first 64 bits count: whoever has one
/// address of such a network usually has all of them (RFC 4291, section 2.5.1). Two kinds are not
/// shared by one owner: a link-local address counts as a whole, with its scope, and one that NAT64
/// has made counts as the IPv4 address in it (RFC 6052, section 2.1).
class address_limit {
 public:
  /// What counts as one address: an IPv4 address in its IPv6 form, an IPv6 network, or a link-local
  /// address; then the number of its scope, in four bytes.
  using key = std::array<unsigned char, 20>;

  /// @param most the connections of one address
  explicit address_limit(std::uint64_t most) : most_(most) {}

  /// The key of @p peer; nothing if it is not counted, because it is on this machine.
  static std::optional<key> key_of(const jalon::endpoint& peer) {
    const jalon::endpoint address = peer.mapped_ipv4().value_or(peer);
    if (address.family() == AF_INET) return key_of_ipv4(address);
    if (address.family() == AF_INET6) return key_of_ipv6(address);
    return std::nullopt;  // a unix socket
  }

  /// Counts one more connection. @return false, with nothing counted, if there are too many
  bool add(const key& address) {
    std::size_t& count = counts_[address];
    if (count >= most_) return false;
    ++count;
    return true;
  }

  /// Counts one connection less.
  void remove(const key& address) {
    const auto found = counts_.find(address);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }

 private:
  static constexpr std::size_t ipv4_at = 12;  // where an IPv4 address is in an IPv6 one

  static std::optional<key> key_of_ipv4(const jalon::endpoint& peer) {
    sockaddr_in address;
    std::memcpy(&address, peer.data(), sizeof address);
    key bytes = ipv4_form();
    std::memcpy(bytes.data() + ipv4_at, &address.sin_addr, sizeof address.sin_addr);
    if (bytes[ipv4_at] == 127) return std::nullopt;  // loopback
    return bytes;
  }

  static std::optional<key> key_of_ipv6(const jalon::endpoint& peer) {
    sockaddr_in6 address;
    std::memcpy(&address, peer.data(), sizeof address);
    const in6_addr& number = address.sin6_addr;
    if (IN6_IS_ADDR_LOOPBACK(&number)) return std::nullopt;
    key bytes{};
    if (is_nat64(number)) {
      bytes = ipv4_form();
      std::memcpy(bytes.data() + ipv4_at, number.s6_addr + ipv4_at, sizeof(in_addr));
    } else if (IN6_IS_ADDR_LINKLOCAL(&number)) {
      std::memcpy(bytes.data(), &number, sizeof number);
      std::memcpy(bytes.data() + sizeof number, &address.sin6_scope_id,
                  sizeof address.sin6_scope_id);
    } else {
      std::memcpy(bytes.data(), &number, sizeof number / 2);
    }
    return bytes;
  }

  // `::ffff:0.0.0.0`
  static key ipv4_form() {
    key bytes{};
    bytes[ipv4_at - 2] = bytes[ipv4_at - 1] = 0xFF;
    return bytes;
  }

  // 64:ff9b::/96
  static bool is_nat64(const in6_addr& address) {
    constexpr std::array<unsigned char, ipv4_at> prefix{0, 0x64, 0xFF, 0x9B};
    return std::memcmp(&address, prefix.data(), prefix.size()) == 0;
  }

  std::uint64_t most_;
  std::map<key, std::size_t> counts_;
};

}  // namespace chat
