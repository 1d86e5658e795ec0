// The longer functions of endpoint.hpp.
#pragma once

#include <net/if.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "../endpoint.hpp"

namespace jalon {

namespace detail {

inline bool read_numeric(int family, std::string_view text, void* address) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return false;
  return ::inet_pton(family, std::string(text).c_str(), address) == 1;
}

// The index of a network interface, given by its name or number; 0 if there is no such interface.
inline std::uint32_t read_scope(std::string_view text) {
  if (text.size() >= IF_NAMESIZE || text.find('\0') != text.npos) return 0;
  if (const auto number = parse_number<std::uint32_t>(text)) return *number;
  return ::if_nametoindex(std::string(text).c_str());
}

inline std::string scope_suffix(std::uint32_t scope) {
  if (scope == 0) return {};
  char name[IF_NAMESIZE];
  return ::if_indextoname(scope, name) != nullptr ? std::string("%") + name
                                                  : "%" + std::to_string(scope);
}

inline std::string numeric(int family, const void* number) {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(family, number, text, sizeof text);
}

}  // namespace detail

JALON_INLINE std::optional<endpoint> endpoint::parse(std::string_view text) {
  constexpr std::string_view unix_prefix = "unix:";
  if (text.starts_with(unix_prefix)) return unix_path(text.substr(unix_prefix.size()));
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (!host.starts_with('[')) return ipv4(host, *port);
  if (!host.ends_with(']')) return std::nullopt;
  return ipv6(host.substr(1, host.size() - 2), *port);
}

JALON_INLINE std::optional<endpoint> endpoint::ip(std::string_view address, std::uint16_t port) {
  return address.find(':') == address.npos ? ipv4(address, port) : ipv6(address, port);
}

JALON_INLINE std::optional<endpoint> endpoint::unix_path(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  if (path.find('\0') != path.npos) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return from(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

JALON_INLINE std::string endpoint::address() const {
  const std::uint32_t scope = family() == AF_INET6 ? as<sockaddr_in6>().sin6_scope_id : 0;
  return address_without_scope() + (mapped_ipv4() ? std::string() : detail::scope_suffix(scope));
}

JALON_INLINE std::string endpoint::address_without_scope() const {
  if (const auto v4 = mapped_ipv4()) return v4->address_without_scope();
  if (family() == AF_INET) {
    const auto v4 = as<sockaddr_in>();
    return detail::numeric(AF_INET, &v4.sin_addr);
  }
  if (family() == AF_INET6) {
    const auto v6 = as<sockaddr_in6>();
    return detail::numeric(AF_INET6, &v6.sin6_addr);
  }
  return family() == AF_UNIX ? std::string(path()) : std::string();
}

JALON_INLINE endpoint endpoint::with_scope_of(const endpoint& local) const {
  if (family() != AF_INET6 || local.family() != AF_INET6) return *this;
  auto v6 = as<sockaddr_in6>();
  if (!IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) || v6.sin6_scope_id != 0) return *this;
  v6.sin6_scope_id = local.as<sockaddr_in6>().sin6_scope_id;
  return from(v6);
}

JALON_INLINE std::string endpoint::to_string() const {
  if (family() == AF_UNSPEC) return {};
  if (const auto v4 = mapped_ipv4()) return v4->to_string();
  if (family() == AF_UNIX) return "unix:" + address();
  const std::string port_suffix = ":" + std::to_string(port());
  if (family() == AF_INET6) return "[" + address() + "]" + port_suffix;
  return address() + port_suffix;
}

JALON_INLINE endpoint endpoint::ipv4_number(std::uint32_t address, std::uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(address);
  return from(v4);
}

JALON_INLINE std::optional<endpoint> endpoint::ipv4(std::string_view address, std::uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (!detail::read_numeric(AF_INET, address, &v4.sin_addr)) return std::nullopt;
  return from(v4);
}

JALON_INLINE std::optional<endpoint> endpoint::ipv6(std::string_view address, std::uint16_t port) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const auto percent = address.find('%');
  if (percent != address.npos) {
    v6.sin6_scope_id = detail::read_scope(address.substr(percent + 1));
    if (v6.sin6_scope_id == 0) return std::nullopt;
  }
  if (!detail::read_numeric(AF_INET6, address.substr(0, percent), &v6.sin6_addr))
    return std::nullopt;
  const endpoint read = from(v6);
  return read.mapped_ipv4().value_or(read);
}

JALON_INLINE std::optional<endpoint> endpoint::mapped_ipv4() const {
  if (family() != AF_INET6) return std::nullopt;
  const auto v6 = as<sockaddr_in6>();
  if (!IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return std::nullopt;
  constexpr std::size_t prefix = sizeof(in6_addr) - sizeof(in_addr);
  std::uint32_t number = 0;  // the last four bytes (RFC 4291, 2.5.5.2)
  std::memcpy(&number, v6.sin6_addr.s6_addr + prefix, sizeof number);
  return ipv4_number(ntohl(number), port());
}

JALON_INLINE std::string_view endpoint::path() const {
  constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
  if (size_ <= start) return {};
  const char* bytes = reinterpret_cast<const char*>(&storage_) + start;
  return {bytes, ::strnlen(bytes, size_ - start)};
}

// What comparisons use. Padding and IPv6's flow label are left out, and an IPv4-mapped address is
// the IPv4 address.
struct endpoint::place {
  int family;
  std::string address;
  std::uint16_t port;
  std::strong_ordering operator<=>(const place&) const = default;
  bool operator==(const place&) const = default;
};

JALON_INLINE endpoint::place endpoint::key() const {
  return {mapped_ipv4() ? AF_INET : family(), address(), port()};
}

JALON_INLINE std::strong_ordering operator<=>(const endpoint& a, const endpoint& b) {
  return a.key() <=> b.key();
}

JALON_INLINE bool operator==(const endpoint& a, const endpoint& b) { return a.key() == b.key(); }

}  // namespace jalon
