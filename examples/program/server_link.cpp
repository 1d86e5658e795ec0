// Connects to the server, and sends and receives lines by a connection of the toolkit.
#include "server_link.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include <jalon/connect.hpp>
#include <jalon/printable.hpp>
#include <jalon/resolve.hpp>

namespace program {

namespace {

constexpr std::size_t busy_bytes = std::size_t{64} << 10;  // busy if more bytes are queued

// Never high: `busy` asks the sender to pause, and what the server sends is always read. So a
// server could make the client answer without end, and read nothing: that is what the hard limit is
// for.
constexpr jalon::connection_options always_read() {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  return {.queue = {.low_water = most, .high_water = most, .hard_limit = std::size_t{16} << 20}};
}

// An IPv6 address needs brackets; otherwise its last part would look like the port.
std::string display_name(const client_options& server) {
  const bool is_bare = server.host.find(':') != server.host.npos && server.host.front() != '[';
  return (is_bare ? '[' + server.host + ']' : server.host) + ':' + std::to_string(server.port);
}

}  // namespace

jalon::stream_socket connect_to(const client_options& server) {
  std::cout << "Connecting to " << jalon::printable(display_name(server)) << " ... " << std::flush;
  try {
    auto socket = jalon::connect(jalon::resolve(server.host, std::to_string(server.port)),
                                 std::chrono::seconds(10));
    std::cout << "done!" << std::endl;
    return socket;
  } catch (const std::system_error&) {
    std::cout << "failed!" << std::endl;
    throw;
  }
}

server_link::server_link(jalon::reactor& loop, jalon::stream_socket server, link_handlers handlers)
    : handlers_(std::move(handlers)), connection_(loop, std::move(server), *this, always_read()) {
  connection_.socket().set_no_delay(true);
  connection_.socket().set_keepalive(std::chrono::seconds(60), std::chrono::seconds(10), 5);
}

void server_link::send(std::string_view line) {
  send_unasked(line);
  asked_bytes_ += line.size();
  if (std::min(asked_bytes_, connection_.queued()) > busy_bytes && !std::exchange(busy_, true))
    handlers_.busy(true);
}

void server_link::send_unasked(std::string_view line) {
  if (!connection_.send(line)) connection_.abort();
}

void server_link::finish() {
  finished_ = true;
  connection_.end_output();
}

void server_link::received(const jalon::frame& line) {
  if (line.error)
    handlers_.malformed();
  else
    handlers_.line(line.payload);
}

void server_link::ended(std::error_code error) {
  status_ = finished_ && !error ? 0 : 1;
  connection_.abort();
}

void server_link::drained() {
  asked_bytes_ = 0;
  if (std::exchange(busy_, false)) handlers_.busy(false);
}

}  // namespace program
