// A connection on Asio's loop.
// All it does is in connection.hpp; this only names the loop.
#pragma once

#include "asio_loop.hpp"
#include "connection.hpp"
#include "line_codec.hpp"

namespace jalon {

/// A connection that runs on an `asio::io_context`, through an `asio_loop`.
template <codec Codec = line_codec>
using asio_connection = connection<asio_loop, Codec>;

}  // namespace jalon
