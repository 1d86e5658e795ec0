// The longer functions of resolve.hpp.
#pragma once

#include <netdb.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "../resolve.hpp"

namespace jalon {

JALON_INLINE const std::error_category& resolver_category() {
  class category final : public std::error_category {
    const char* name() const noexcept override { return "resolver"; }
    std::string message(int code) const override { return ::gai_strerror(code); }
  };
  static const category instance;
  return instance;
}

namespace detail {

// Before a port, an IPv6 address has brackets (RFC 3986); getaddrinfo(3) does not know them.
JALON_INLINE std::string without_brackets(const std::string& host) {
  const bool has_brackets =
      host.find(':') != host.npos && host.front() == '[' && host.back() == ']';
  return has_brackets ? host.substr(1, host.size() - 2) : host;
}

}  // namespace detail

JALON_INLINE std::vector<endpoint> resolve(const std::string& host, const std::string& service,
                                           int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(detail::without_brackets(host).c_str(), service.c_str(), &hints, &found);
  if (error == EAI_SYSTEM) throw_system_error(errno, "resolve", host + ":" + service);
  if (error != 0)
    throw std::system_error(error, resolver_category(), "resolve " + host + ":" + service);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  std::vector<endpoint> endpoints;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next)
    endpoints.emplace_back(entry->ai_addr, entry->ai_addrlen);
  return endpoints;
}

}  // namespace jalon
