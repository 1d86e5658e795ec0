// Runs a service on an event loop: accepts connections, gives their frames to the service, and
// applies the actions that the service asks for. It knows no rule of any protocol.
//
// The way of a message from one client to others, with the functions that it goes through:
//
//     poll(2)       the socket is readable    reactor::dispatch, connection::on_ready
//     recv(2)       bytes                     connection::read, buffer
//     codec         a frame                   connection::deliver, line_codec::next
//     service       actions                   server::on_frame, service::received
//     actions       frames and recipients     server::apply_actions, fan_out::send
//     batch         one payload for all       fan_out::flush_batch, at the end of this read
//     write queues  a payload for each        server::enqueue_for, connection::send
//     end of turn   all queues are written    connection::write_queued, write_queue::write_to
//     send(2)
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "acceptor.hpp"
#include "connection.hpp"
#include "endpoint.hpp"
#include "event_loop.hpp"
#include "fan_out.hpp"
#include "line_codec.hpp"
#include "service.hpp"
#include "slot_map.hpp"
#include "socket.hpp"

namespace jalon {

/// How a server treats its connections.
struct server_options {
  connection_options connection = {};  ///< limits and timeouts of each connection
  /// Returns the last frame, not encoded, to a client that the server disconnects for this reason:
  /// `not_reading`, `stalled`, `unfinished_frame` or `memory_limit`. An empty text, or no function:
  /// none. It does not throw.
  std::function<std::string(departure)> last_frame = {};
  /// How much memory the connections may hold for their peers, all together, in bytes: their input
  /// buffers, and what full sockets have left in their write queues. What is sent and accepted
  /// within a turn does not count; what the kernel's socket buffers hold does not either. A message
  /// that waits in many queues counts in each of them, although it is in memory once. When the
  /// total passes the budget, those that hold the most are disconnected first, until an eighth of
  /// it is free. The largest number: no limit.
  std::size_t memory_budget = std::numeric_limits<std::size_t>::max();
  /// Takes what an operator wants to know: an event, one of a few texts, and the details: which
  /// client, by its name (`service::describe`) and its address, and how many bytes. Text from peers
  /// may be in the details: whoever shows them replaces control characters (printable.hpp). It may
  /// call `apply`, and may throw: the exception leaves `run`. Empty for none.
  std::function<void(std::string_view event, std::string_view detail)> log = {};
  /// The time of day, for arrivals; a test sets its own.
  std::function<std::chrono::system_clock::time_point()> wall_clock =
      std::chrono::system_clock::now;
};

/// Runs a service for all who connect to a listener.
///
/// - The service sees frames. The codec takes them out of the bytes that come, and writes the
///   delimiter or the length of those that go out. What a frame may not hold is the codec's rule: a
///   line holds no LF (checked where `NDEBUG` is not defined), a length-prefixed frame has a
///   maximum length.
/// - Frames are given to the service in the order in which they come. Its actions are applied
///   before it gets the next frame. Only frames to the same recipients are batched until the frames
///   of one read are handled.
/// - A slow consumer is disconnected when its write queue reaches the hard limit; no other
///   connection waits for it. So is a client that passes a deadline of
///   `connection_options`, or holds the most when all together hold more than the memory budget.
/// - If there is no descriptor for a newcomer, a connection that only lingers is aborted. A few are
///   looked at for each newcomer, those first that were not looked at for longest; if none of them
///   lingers, the newcomer is refused.
/// - If the service throws, the exception leaves the loop's `run`. What the service asked for
///   before is done in the next turn.
///
/// For the loop's thread. Loop and service outlive it.
template <event_loop Loop, codec Codec = line_codec>
class server {
 public:
  /// Begins to accept connections from @p from.
  /// @param codec is copied for each connection
  server(Loop& loop, listener from, service& served, server_options options = {},
         Codec codec = Codec{});
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server() = default;

  /// Where it listens, with the port that the system chose.
  const endpoint& local() const noexcept { return acceptor_.local(); }

  /// The number of connections, those that are closing included.
  std::size_t size() const noexcept { return clients_.size(); }

  /// Applies actions that the service did not return from a call: those that it kept. Another
  /// thread posts a function to the loop that calls this.
  void apply(const actions& kept) {
    end_of_turn_.schedule();
    actions_.append(kept);
    apply_all();
  }

  /// Calls the service's `end_of_turn` for the last time and applies what it asks for. Then accepts
  /// no more connections, closes all gracefully, aborts after @p limit those that are left, and
  /// calls @p done, which may destroy the server. The service is not called for the connections
  /// that were open. A second call has no effect.
  void shut_down(std::chrono::milliseconds limit, std::function<void()> done);

 private:
  // A connection, and what it calls.
  struct client final : connection_handler {
    client(server& owner, connection_id named, stream_socket socket, const endpoint& from)
        : host(owner),
          id(named),
          peer(from),
          link(host.loop_, std::move(socket), *this, host.options_.connection, host.codec_) {}

    void received(const frame& received) override { host.on_frame(id, received); }
    void delivered() override { host.apply_all(); }
    void ended(std::error_code error) override { host.on_ended(id, error); }
    void closed() override { host.on_closed(id); }
    void late(connection_deadline which) override { host.on_late(id, which); }
    void holds(std::size_t bytes) override { host.on_holding(*this, bytes); }

    server& host;
    connection_id id;
    endpoint peer;
    bool input_ended = false;
    std::size_t held = 0;                                            // bytes, counted in `held_`
    std::optional<std::list<connection_id>::iterator> closing = {};  // its place in `closing_`
    connection<Loop, Codec, client> link;
  };

  // A connection that the server has closed on its own, of which the service is not told yet.
  struct eviction {
    connection_id id;
    endpoint peer;
    departure why;
    std::size_t bytes;  // that led to it
  };

  // What the fan-out calls.
  struct enqueue {
    server* host;
    void operator()(connection_id to, const shared_payload& payload) const {
      host->enqueue_for(to, payload);
    }
  };

  // impl/server.hpp
  static listener with_socket_options(listener from);
  void on_accepted(accept_result accepted);
  void on_frame(connection_id id, const frame& received);
  void on_ended(connection_id id, std::error_code error);
  void on_closed(connection_id id);
  void on_late(connection_id id, connection_deadline which);
  void on_holding(client& holder, std::size_t bytes);
  void log_cut(const client& gone, connection_deadline which) const;
  void on_end_of_turn();
  void finish_if_empty();

  void apply_all();
  void apply_actions();
  void apply(const actions::send_frame& sent);
  void apply(const actions::close_connection& closing);
  void apply(const actions::pause_input& pausing);
  void apply(const actions::resume_input& resuming);
  void apply(const actions::wake& asked);
  void apply(const actions::log_event& logged);

  void enqueue_for(connection_id to, const shared_payload& payload);
  void keep_to_budget();
  void evict(client& gone, departure why, std::size_t bytes);
  void note_closing(client& leaving);
  bool abort_lingering();
  void report_evictions();
  void log_eviction(const eviction& gone) const;
  std::string name_and_address(connection_id id, const endpoint& peer) const;
  void report_departure(connection_id id, departure why);
  void close_all(std::chrono::milliseconds limit, std::function<void()> done);
  client* find(connection_id id) noexcept;
  client* find_open(connection_id id) noexcept;
  void log(std::string_view event, const std::string& detail) const;

  Loop& loop_;
  service& service_;
  server_options options_;
  Codec codec_;
  actions actions_;
  std::size_t next_action_ = 0;  // the actions before it are applied
  fan_out<enqueue> fan_out_;
  std::deque<eviction> evictions_;    // not reported to the service yet
  std::size_t held_ = 0;              // bytes, by all connections
  std::list<connection_id> closing_;  // the server closes them; the first is looked at next
  bool shutting_down_ = false;
  std::function<void()> when_empty_;
  deferred end_of_turn_;
  typename Loop::timer_type wake_timer_;
  typename Loop::timer_type shutdown_timer_;
  slot_map<client> clients_;
  acceptor<Loop> acceptor_;
};

}  // namespace jalon

#include "impl/server.hpp"
