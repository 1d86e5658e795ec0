// Looks up host names with the system's resolver (getaddrinfo(3)).
// It blocks: call it before the event loop runs, or on another thread.
#pragma once

#include <string>
#include <system_error>
#include <vector>

#include "compiled.hpp"
#include "endpoint.hpp"
#include "error.hpp"

namespace jalon {

/// The category of the resolver's error codes (`EAI_…`, gai_strerror(3)).
/// @return a constant that lives as long as the program
const std::error_category& resolver_category();

/// The stream endpoints of a host name, in the order in which to try them (RFC 6724).
///
/// **Blocks** as long as getaddrinfo(3) does. Any thread may call it.
/// @param host a host name or a numeric address; an IPv6 address may have brackets, as in a URL
/// @param service a port number, or a name from services(5)
/// @param family `AF_INET` or `AF_INET6` to get only endpoints of that family
/// @throws std::system_error that names host and service
std::vector<endpoint> resolve(const std::string& host, const std::string& service,
                              int family = AF_UNSPEC);

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/resolve.hpp"
#endif
