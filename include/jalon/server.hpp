// The host of a service: a listener, its connections by id, and the service's actions applied.
// No rule of any protocol lives here.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "batch.hpp"
#include "compiled.hpp"
#include "connection.hpp"
#include "event_loop.hpp"
#include "id_table.hpp"
#include "line_codec.hpp"
#include "payload.hpp"
#include "service.hpp"
#include "socket.hpp"

namespace jalon {

/// How a server treats its connections.
struct server_options {
  std::size_t max_line = line_codec::default_max_bytes;  ///< bytes, LF included
  connection_options connection = {};                    ///< queue limits and patience
  /// The last line to a peer that is parted from because it does not read; empty for none.
  std::string not_reading_notice = {};
  /// Takes a line for each thing that an operator wants to know; empty for none.
  std::function<void(std::string_view)> log = {};
  /// The time of day, for arrivals; a test sets its own.
  std::function<std::chrono::system_clock::time_point()> wall_clock =
      std::chrono::system_clock::now;
};

/// Runs a service on @p Loop for whoever connects to a listener.
///
/// Lines are told to the service in the order in which they come, its actions are applied before
/// the next line is told; only what goes to the same people in a row is gathered, for as long as
/// the lines of one read last. Whoever does not read is parted from when its queue passes the hard
/// limit; nobody waits for it. For the loop's thread; loop and service outlive it.
template <event_loop Loop>
class server {
 public:
  /// Begins to accept from @p accepting.
  server(Loop& loop, listener accepting, service_ref served, server_options options = {});

  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  /// Where it listens, with the port that the system chose.
  const endpoint& local() const noexcept { return local_; }

  /// How many connections there are, those that are parting included.
  std::size_t size() const noexcept { return connections_.size(); }

  /// Takes no new connection, parts from all in order, cuts off after @p limit who is left, and
  /// calls @p done, which may destroy the server. The service is told nothing of it.
  void shut_down(std::chrono::milliseconds limit, std::function<void()> done);

 private:
  // What one connection calls.
  struct link_handlers {
    server* self;
    connection_id id;

    void received(const frame& one) { self->on_frame(id, one); }
    void delivered() { self->apply(); }
    void ended(std::error_code reason) { self->on_end(id, reason); }
    void closed() { self->on_closed(id); }
  };
  using link_type = connection<Loop, line_codec, link_handlers>;

  // How many connections are taken in one turn; the rest waits for the next, as the others do.
  static constexpr int accepts_a_turn = 64;
  static constexpr std::chrono::milliseconds accept_pause{100};

  void accept_waiting() {
    // A service that is told of one may have had the listener shut.
    for (int taken = 0; taken < accepts_a_turn && listener_; ++taken) {
      accept_result result = listener_->accept();
      if (result.status == io_status::would_block) return;
      if (result.status == io_status::error) return pause_accepting(result.error);
      trace_accepted(result);
      welcome(std::move(result));
    }
  }

  // Whatever is short will not be there at once: to ask again in the next turn would be to spin.
  void pause_accepting(std::error_code reason) {
    log("cannot take a connection: " + reason.message());
    accept_watch_.want(io_events::none);
    accept_timer_ =
        loop_.at(loop_.now() + accept_pause, [this] { accept_watch_.want(io_events::read); });
  }

  void welcome(accept_result accepted) {
    const auto key = connections_.reserve();
    const connection_id id{key};
    try {
      connections_.put(key, make_link(id, std::move(accepted.socket)));
    } catch (const std::system_error& failure) {  // it has gone already, or memory is short
      connections_.take(key);
      return log(std::string("lost a connection at once: ") + failure.what());
    }
    service_.connected(id, arrival{accepted.peer, options_.wall_clock()}, actions_);
    apply();
  }

  // Those that are accepted inherit it.
  void equip() {
    if (local_.family() == AF_UNIX) return;
    listener_->set_no_delay(true);  // an answer is written whole; waiting gains nothing
    listener_->set_keepalive(std::chrono::seconds(60), std::chrono::seconds(10), 5);
  }

  void trace_accepted(const accept_result& accepted) const {
    if (!loop_.trace()) return;
    loop_.trace()("  accepted " + std::to_string(accepted.socket.fd()) + " from " +
                  accepted.peer.to_string());
  }

  std::unique_ptr<link_type> make_link(connection_id id, stream_socket socket) {
    return std::make_unique<link_type>(loop_, std::move(socket), link_handlers{this, id},
                                       options_.connection, line_codec(options_.max_line));
  }

  void on_frame(connection_id id, const frame& one) {
    if (one.error)
      service_.malformed(id, one.error, actions_);
    else
      service_.received(id, one.payload, actions_);
    carry_out();
  }

  void on_end(connection_id id, std::error_code reason) {
    if (link_type* const one = find(id)) {
      depart(id, *one, reason ? departure::broken : departure::end_of_input);
      one->close();
      apply();
    }
  }

  void on_closed(connection_id id) {
    connections_.take(static_cast<std::uint64_t>(id));
    if (when_empty_) finish_if_empty();
  }

  void finish_if_empty() {
    if (connections_.size() == 0 && when_empty_) std::exchange(when_empty_, nullptr)();
  }

  // Applies what the service wants. Between the lines of one read actions are carried out only, and
  // what goes to many may be left in the batch.
  void apply() {
    do {
      carry_out();
      hand_out();
    } while (actions_.size() > 0);
  }

  // An action may lead to further ones, at the end of the list: it is left when all is done.
  void carry_out() {
    for (std::size_t i = 0; i < actions_.size(); ++i) {
      const actions::action one = actions_[i];
      std::visit([this](const auto& action) { this->carry_out(action); }, one);
    }
    actions_.clear();
  }

  // Two boxes: what goes to one would stand between the payloads that go to many.
  void carry_out(const actions::send_line& one) {
    end_turn_.schedule();
    if (one.count == 1) {
      hand_out();
      return give(actions_.recipients(one)[0], to_one_.add(actions_.line(one)));
    }
    if (!batch_.try_add(actions_.recipients(one), actions_.line(one), to_many_)) {
      hand_out();
      batch_.begin(actions_.recipients(one), to_many_.add(actions_.line(one)));
    }
    // Who is being read may be among them. Its queue must show what waits there: it is read no
    // further when that is high.
    if (batch_.payload().size > options_.connection.queue.low_water) hand_out();
  }

  // The batch is taken out first: to part from the deaf may lead here again.
  void hand_out() {
    const batch all = std::exchange(batch_, {});
    for (const connection_id who : all.recipients()) give(who, all.payload());
  }

  void give(connection_id who, const shared_payload& payload) {
    link_type* const to = find(who);
    if (to != nullptr && !to->send(payload)) part_from_deaf(who, *to);
  }

  void end_turn() {
    to_one_.end_turn();
    to_many_.end_turn();
  }

  void carry_out(const actions::close_one& one) {
    hand_out();
    if (link_type* const leaving = find(one.who)) {
      depart(one.who, *leaving, departure::asked);
      leaving->close();
    }
  }

  void carry_out(const actions::wake& one) {
    wake_timer_ = loop_.at(one.when, [this] {
      service_.elapsed(loop_.now(), actions_);
      apply();
    });
  }

  void part_from_deaf(connection_id who, link_type& deaf) {
    log("a client does not read: " + std::to_string(deaf.queued()) +
        " bytes wait for it; it is closed");
    depart(who, deaf, departure::not_reading);
    deaf.close_without_queue(options_.not_reading_notice);
  }

  // Comes before the closing: who is not open has departed, and the service has been told.
  void depart(connection_id who, const link_type& leaving, departure how) {
    if (leaving.open()) service_.disconnected(who, how, actions_);
  }

  link_type* find(connection_id id) noexcept {
    return connections_.find(static_cast<std::uint64_t>(id));
  }

  void log(const std::string& line) const {
    if (options_.log) options_.log(line);
  }

  Loop& loop_;
  service_ref service_;
  server_options options_;
  actions actions_;
  outbox to_one_;
  outbox to_many_;
  batch batch_;  // empty when no connection is being read
  deferred end_turn_{loop_.deferrals(), [this] { end_turn(); }};
  std::optional<listener> listener_;
  endpoint local_;
  id_table<link_type> connections_;
  std::function<void()> when_empty_;
  typename Loop::timer_type accept_timer_;
  typename Loop::timer_type wake_timer_;
  typename Loop::timer_type shutdown_timer_;
  typename Loop::watch_type accept_watch_;
};

// These stand outside the class so that they are not inline, and thus compiled once if asked for;
// all that is private is called from nowhere else.

template <event_loop Loop>
server<Loop>::server(Loop& loop, listener accepting, service_ref served, server_options options)
    : loop_(loop),
      service_(served),
      options_(std::move(options)),
      listener_(std::move(accepting)),
      local_(listener_->local()),
      accept_watch_(loop.watch(
          listener_->fd(), io_events::read, [this](io_events) { accept_waiting(); }, "listener")) {
  equip();
}

template <event_loop Loop>
server<Loop>::~server() = default;

template <event_loop Loop>
void server<Loop>::shut_down(std::chrono::milliseconds limit, std::function<void()> done) {
  accept_timer_ = {};  // it would wake a watch that is no more
  accept_watch_ = {};
  listener_.reset();
  hand_out();
  for (const auto id : connections_.ids()) connections_.find(id)->close_when_sent();
  when_empty_ = std::move(done);
  // Not from within this call: it may come from a handler of the one who is told.
  const auto patience = connections_.size() == 0 ? std::chrono::milliseconds(0) : limit;
  shutdown_timer_ = loop_.at(loop_.now() + patience, [this] {
    if (connections_.size() == 0) return finish_if_empty();
    // Nothing comes after the last one: who is told of it may destroy this server.
    for (const auto id : connections_.ids()) connections_.find(id)->abort();
  });
}

}  // namespace jalon

#ifdef JALON_COMPILED
#include "reactor.hpp"

namespace jalon {
JALON_EXTERN template class server<reactor>;
}
#endif
