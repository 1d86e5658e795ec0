// Socket addresses as values: IPv4, IPv6 and unix; parsed, printed, compared.
// Host names are looked up in resolve.hpp.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "compiled.hpp"

namespace jalon {

/// Parses @p text as a decimal number. @return `std::nullopt` unless all of @p text is a number
/// that the type can represent
template <class Integer>
std::optional<Integer> parse_number(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The address of a socket: an IP address and a port, or a path. A value: copied and compared.
///
/// Its text form is `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80` or `unix:/path`; `parse` reads
/// what `to_string` writes. See ip(7), ipv6(7), unix(7).
///
/// An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is the IPv4 address that it holds: it is printed
/// and compared as that one, and `parse` and `ip` return that one. The system uses mapped
/// addresses for the IPv4 peers of an IPv6 socket, for example of a listener on `::`. Only an
/// endpoint from the system keeps the family `AF_INET6`, so that a datagram socket can answer it.
class endpoint {
 public:
  /// No address: family `AF_UNSPEC`, the empty string when printed.
  endpoint() = default;

  /// Copies a socket address of the system, at most the size of `sockaddr_storage`.
  endpoint(const sockaddr* address, socklen_t size) noexcept
      : size_(std::min<socklen_t>(size, sizeof storage_)) {
    std::memcpy(&storage_, address, size_);
  }

  /// Parses the text form; `std::nullopt` if @p text is not one. @p text may be any bytes.
  static std::optional<endpoint> parse(std::string_view text);

  /// An endpoint of a numeric address, without brackets, and a port in host byte order;
  /// `std::nullopt` if @p address is neither IPv4 nor IPv6.
  static std::optional<endpoint> ip(std::string_view address, std::uint16_t port);

  /// The endpoint of a unix socket; `std::nullopt` unless @p path has 1 to 107 bytes and no NUL.
  static std::optional<endpoint> unix_path(std::string_view path);

  /// `127.0.0.1`, which only this machine can reach. With port 0 the system chooses a port.
  static endpoint loopback(std::uint16_t port) { return ipv4_number(INADDR_LOOPBACK, port); }

  /// `0.0.0.0`, to listen on every IPv4 address of this machine.
  static endpoint any(std::uint16_t port) { return ipv4_number(INADDR_ANY, port); }

  /// `AF_INET`, `AF_INET6`, `AF_UNIX`, or `AF_UNSPEC` for no address: the family of `data()`.
  int family() const noexcept { return storage_.ss_family; }

  /// The port in host byte order; 0 if there is none.
  std::uint16_t port() const noexcept {
    if (family() == AF_INET) return ntohs(as<sockaddr_in>().sin_port);
    if (family() == AF_INET6) return ntohs(as<sockaddr_in6>().sin6_port);
    return 0;
  }

  /// The address without the port: `127.0.0.1`, `fe80::1%eth0`, `/path`; empty for no address and
  /// for an unnamed unix socket.
  std::string address() const;

  /// The address without port and scope: `fe80::1`. This is what other hosts are told, because a
  /// scope is the name or the number of an interface of this host, and means nothing elsewhere.
  std::string address_without_scope() const;

  /// This endpoint with the scope of @p local, if this is a link-local IPv6 address without a
  /// scope; otherwise unchanged. A link-local address that another host has named can be connected
  /// to only with the scope of an interface of this host (ipv6(7)).
  /// @param local the local endpoint of a socket on the same link
  endpoint with_scope_of(const endpoint& local) const;

  /// The IPv4 endpoint that this one holds, of family `AF_INET`, if this is an IPv4-mapped IPv6
  /// address; otherwise nothing.
  std::optional<endpoint> mapped_ipv4() const;

  /// The text form, which `parse` reads.
  std::string to_string() const;

  /// The socket address for system calls; valid as long as this object.
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }

  /// The size of `data()`, in bytes.
  socklen_t size() const noexcept { return size_; }

  /// Orders by family, address with scope, and port.
  friend std::strong_ordering operator<=>(const endpoint& a, const endpoint& b);
  /// Whether family, address with scope, and port are equal.
  friend bool operator==(const endpoint& a, const endpoint& b);

 private:
  template <class Address>
  static endpoint from(const Address& address, std::size_t size = sizeof(Address)) {
    return {reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)};
  }

  // A copy, because reading the storage through a pointer to another type is undefined behaviour.
  template <class Address>
  Address as() const noexcept {
    Address address;
    std::memcpy(&address, &storage_, sizeof address);
    return address;
  }

  static endpoint ipv4_number(std::uint32_t address, std::uint16_t port);
  static std::optional<endpoint> ipv4(std::string_view address, std::uint16_t port);
  static std::optional<endpoint> ipv6(std::string_view address, std::uint16_t port);

  std::string_view path() const;
  struct place;
  place key() const;

  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/endpoint.hpp"
#endif
