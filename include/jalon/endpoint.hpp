// Socket addresses as values: IPv4, IPv6 and unix, parsed, printed, compared.
// No name is looked up here; that is resolve.hpp.
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

/// The decimal number that @p text is, whole and within the type; nothing otherwise.
template <class Integer>
std::optional<Integer> parse_number(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Where a socket is: an address and a port, or a path. A value: copied, compared, printed.
///
/// Written `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80` or `unix:/path`; `parse` reads what
/// `to_string` writes. See ip(7), ipv6(7), unix(7).
class endpoint {
 public:
  /// No place at all: family `AF_UNSPEC`, empty when printed.
  endpoint() = default;

  /// Copies what the system wrote, at most the size of `sockaddr_storage`.
  endpoint(const sockaddr* address, socklen_t size) noexcept
      : size_(std::min<socklen_t>(size, sizeof storage_)) {
    std::memcpy(&storage_, address, size_);
  }

  /// Reads an endpoint; nothing if @p text is none. Bytes from outside are welcome.
  static std::optional<endpoint> parse(std::string_view text);

  /// A numeric address, without brackets, and a port in host order; nothing if it is neither
  /// IPv4 nor IPv6.
  static std::optional<endpoint> ip(std::string_view address, std::uint16_t port);

  /// A unix socket's path, 1 to 107 bytes without a zero; nothing if it is not that.
  static std::optional<endpoint> unix_path(std::string_view path);

  /// `127.0.0.1`, reached from this machine only. Port 0 lets the system choose.
  static endpoint loopback(std::uint16_t port) { return ipv4_number(INADDR_LOOPBACK, port); }

  /// `0.0.0.0`: every IPv4 address of this machine, to listen on.
  static endpoint any(std::uint16_t port) { return ipv4_number(INADDR_ANY, port); }

  /// `AF_INET`, `AF_INET6`, `AF_UNIX`, or `AF_UNSPEC` for none.
  int family() const noexcept { return storage_.ss_family; }

  /// The port in host order; 0 where there is none.
  std::uint16_t port() const noexcept {
    if (family() == AF_INET) return ntohs(as<sockaddr_in>().sin_port);
    if (family() == AF_INET6) return ntohs(as<sockaddr_in6>().sin6_port);
    return 0;
  }

  /// The address alone: `127.0.0.1`, `fe80::1%eth0`, `/path`; empty for none and for a unix
  /// socket without a name.
  std::string address() const;

  /// The form that `parse` reads.
  std::string to_string() const;

  /// The bytes for system calls; live as long as this object.
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }

  /// The size of `data()`, in bytes.
  socklen_t size() const noexcept { return size_; }

  /// Orders by family, address, port, scope; equal endpoints are the same place.
  friend std::strong_ordering operator<=>(const endpoint& a, const endpoint& b);
  /// Whether both are the same place.
  friend bool operator==(const endpoint& a, const endpoint& b);

 private:
  template <class Address>
  static endpoint from(const Address& address, std::size_t size = sizeof(Address)) {
    return {reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)};
  }

  // Copied out, since reading the storage through another type's pointer is no C++.
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
