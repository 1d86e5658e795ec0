// Names to endpoints, by the system's resolver.
// It blocks: call it before the loop runs, or from another thread.
#pragma once

#include <netdb.h>

#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "endpoint.hpp"
#include "error.hpp"

namespace jalon {

/// The category of the resolver's own errors (`EAI_…`, gai_strerror(3)).
inline const std::error_category& resolver_category() {
  class category final : public std::error_category {
    const char* name() const noexcept override { return "resolver"; }
    std::string message(int code) const override { return ::gai_strerror(code); }
  };
  static const category instance;
  return instance;
}

/// The stream endpoints of a name, in the order in which they should be tried (RFC 6724).
///
/// **Blocks** for as long as the resolver does (getaddrinfo(3)).
/// @param host a name, or a numeric address
/// @param service a port number, or a name from services(5)
/// @param family `AF_INET` or `AF_INET6` to have those alone
/// @throws std::system_error that names host and service
inline std::vector<endpoint> resolve(const std::string& host, const std::string& service,
                                     int family = AF_UNSPEC) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found);
  if (error == EAI_SYSTEM) throw_system_error(errno, "resolve", host + ":" + service);
  if (error != 0)
    throw std::system_error(error, resolver_category(), "resolve " + host + ":" + service);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  std::vector<endpoint> endpoints;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
    endpoints.emplace_back(one->ai_addr, one->ai_addrlen);
  return endpoints;
}

}  // namespace jalon
