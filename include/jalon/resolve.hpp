// Names to endpoints, by the system's resolver.
// It blocks: call it before the loop runs, or from another thread.
#pragma once

#include <string>
#include <system_error>
#include <vector>

#include "compiled.hpp"
#include "endpoint.hpp"
#include "error.hpp"

namespace jalon {

/// The category of the resolver's own errors (`EAI_…`, gai_strerror(3)).
const std::error_category& resolver_category();

/// The stream endpoints of a name, in the order in which they should be tried (RFC 6724).
///
/// **Blocks** for as long as the resolver does (getaddrinfo(3)).
/// @param host a name, or a numeric address
/// @param service a port number, or a name from services(5)
/// @param family `AF_INET` or `AF_INET6` to have those alone
/// @throws std::system_error that names host and service
std::vector<endpoint> resolve(const std::string& host, const std::string& service,
                              int family = AF_UNSPEC);

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/resolve.hpp"
#endif
