// Socket addresses as values: IPv4, IPv6 and unix, parsed, printed, compared.
// No name is looked up here; that is resolve.hpp.
#pragma once

#include <arpa/inet.h>
#include <net/if.h>
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
  static std::optional<endpoint> parse(std::string_view text) {
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

  /// A numeric address, without brackets, and a port in host order; nothing if it is neither
  /// IPv4 nor IPv6.
  static std::optional<endpoint> ip(std::string_view address, std::uint16_t port) {
    return address.find(':') == address.npos ? ipv4(address, port) : ipv6(address, port);
  }

  /// A unix socket's path, 1 to 107 bytes without a zero; nothing if it is not that.
  static std::optional<endpoint> unix_path(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
    if (path.find('\0') != path.npos) return std::nullopt;
    std::memcpy(address.sun_path, path.data(), path.size());
    return from(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
  }

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
  std::string address() const {
    if (family() == AF_INET) return numeric(as<sockaddr_in>().sin_addr);
    if (family() == AF_INET6) {
      const auto v6 = as<sockaddr_in6>();
      return numeric(v6.sin6_addr) + scope_suffix(v6.sin6_scope_id);
    }
    return family() == AF_UNIX ? std::string(path()) : std::string();
  }

  /// The form that `parse` reads.
  std::string to_string() const {
    if (family() == AF_UNSPEC) return {};
    if (family() == AF_UNIX) return "unix:" + address();
    const std::string port_suffix = ":" + std::to_string(port());
    if (family() == AF_INET6) return "[" + address() + "]" + port_suffix;
    return address() + port_suffix;
  }

  /// The bytes for system calls; live as long as this object.
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }

  /// The size of `data()`, in bytes.
  socklen_t size() const noexcept { return size_; }

  /// Orders by family, address, port, scope; equal endpoints are the same place.
  friend std::strong_ordering operator<=>(const endpoint& a, const endpoint& b) {
    return a.key() <=> b.key();
  }
  /// Whether both are the same place.
  friend bool operator==(const endpoint& a, const endpoint& b) { return a.key() == b.key(); }

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

  static endpoint ipv4_number(std::uint32_t address, std::uint16_t port) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(address);
    return from(v4);
  }

  static std::optional<endpoint> ipv4(std::string_view address, std::uint16_t port) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (!read_numeric(AF_INET, address, &v4.sin_addr)) return std::nullopt;
    return from(v4);
  }

  static std::optional<endpoint> ipv6(std::string_view address, std::uint16_t port) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    const auto percent = address.find('%');
    if (percent != address.npos) {
      v6.sin6_scope_id = read_scope(address.substr(percent + 1));
      if (v6.sin6_scope_id == 0) return std::nullopt;
    }
    if (!read_numeric(AF_INET6, address.substr(0, percent), &v6.sin6_addr)) return std::nullopt;
    return from(v6);
  }

  static bool read_numeric(int family, std::string_view text, void* address) {
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return false;
    return ::inet_pton(family, std::string(text).c_str(), address) == 1;
  }

  // An interface's name or number; 0 if it is neither.
  static std::uint32_t read_scope(std::string_view text) {
    if (text.size() >= IF_NAMESIZE || text.find('\0') != text.npos) return 0;
    if (const auto number = parse_number<std::uint32_t>(text)) return *number;
    return ::if_nametoindex(std::string(text).c_str());
  }

  static std::string scope_suffix(std::uint32_t scope) {
    if (scope == 0) return {};
    char name[IF_NAMESIZE];
    return ::if_indextoname(scope, name) != nullptr ? std::string("%") + name
                                                    : "%" + std::to_string(scope);
  }

  template <class Number>
  std::string numeric(const Number& number) const {
    char text[INET6_ADDRSTRLEN];
    return ::inet_ntop(family(), &number, text, sizeof text);
  }

  std::string_view path() const {
    constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
    if (size_ <= start) return {};
    const char* bytes = reinterpret_cast<const char*>(&storage_) + start;
    return {bytes, ::strnlen(bytes, size_ - start)};
  }

  // What makes two endpoints the same; not the padding, and not IPv6's flow.
  struct place {
    int family;
    std::string address;
    std::uint16_t port;
    std::strong_ordering operator<=>(const place&) const = default;
    bool operator==(const place&) const = default;
  };
  place key() const { return {family(), address(), port()}; }

  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace jalon
