// The host of a service on Asio's loop.
// All it does is in server.hpp; this only names the loop.
#pragma once

#include "asio_loop.hpp"
#include "server.hpp"

namespace jalon {

/// A server that runs on an `asio::io_context`, through an `asio_loop`.
using asio_server = server<asio_loop>;

}  // namespace jalon
