// The toolkit in one include; it needs no other library.
// JSON (json_lines.hpp, json_message.hpp) and Asio (asio_loop.hpp) need theirs, and are not
// included.
#pragma once

#include "any_byte.hpp"
#include "batch.hpp"
#include "buffer.hpp"
#include "connect.hpp"
#include "connection.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "event_loop.hpp"
#include "frame.hpp"
#include "id_table.hpp"
#include "length_codec.hpp"
#include "line_codec.hpp"
#include "poller.hpp"
#include "printable.hpp"
#include "reactor.hpp"
#include "resolve.hpp"
#include "server.hpp"
#include "service.hpp"
#include "signal_set.hpp"
#include "socket.hpp"
#include "timer_queue.hpp"
#include "unique_fd.hpp"
#include "utf8.hpp"
#include "write_queue.hpp"
