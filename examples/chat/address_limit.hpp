// Counts the connections of each address, so that one machine cannot take all of a server's.
// Chapter: tutorial/02-users.
#pragma once

#include <arpa/inet.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>

#include <jalon/endpoint.hpp>

namespace chat {

/// Counts connections by address. Of an IPv6 address the first 64 bits count: whoever has one
/// address of such a network usually has all of them (RFC 4291, section 2.5.1).
class address_limit {
 public:
  /// What counts as one address: an IPv4 address in its IPv6 form, or an IPv6 network.
  using key = std::array<unsigned char, 16>;

  /// @param most the connections of one address
  explicit address_limit(std::uint64_t most) : most_(most) {}

  /// The key of @p peer; nothing if it is not counted, because it is on this machine.
  static std::optional<key> key_of(const jalon::endpoint& peer) {
    key bytes = mapped(peer);
    if (is_loopback(bytes)) return std::nullopt;
    if (!is_mapped(bytes)) std::memset(bytes.data() + 8, 0, 8);
    return bytes;
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
  static constexpr std::array<unsigned char, 12> mapped_prefix{0, 0, 0, 0, 0,    0,
                                                               0, 0, 0, 0, 0xFF, 0xFF};

  // The address as IPv6; an IPv4 address is mapped. That of a unix socket is loopback.
  static key mapped(const jalon::endpoint& peer) {
    key bytes{};
    bytes[15] = 1;
    if (peer.family() == AF_INET6) {
      sockaddr_in6 address;
      std::memcpy(&address, peer.data(), sizeof address);
      std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
    } else if (peer.family() == AF_INET) {
      sockaddr_in address;
      std::memcpy(&address, peer.data(), sizeof address);
      std::memcpy(bytes.data(), mapped_prefix.data(), mapped_prefix.size());
      std::memcpy(bytes.data() + mapped_prefix.size(), &address.sin_addr, 4);
    }
    return bytes;
  }

  static bool is_mapped(const key& bytes) {
    return std::memcmp(bytes.data(), mapped_prefix.data(), mapped_prefix.size()) == 0;
  }

  static bool is_loopback(const key& bytes) {
    constexpr key ipv6_loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return bytes == ipv6_loopback || (is_mapped(bytes) && bytes[12] == 127);
  }

  std::uint64_t most_;
  std::map<key, std::size_t> counts_;
};

}  // namespace chat
