// How a server works; server.hpp says what it promises.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "../server.hpp"

namespace jalon {

template <event_loop Loop, codec Codec>
server<Loop, Codec>::server(Loop& loop, listener from, service& served, server_options options,
                            Codec codec)
    : loop_(loop),
      service_(served),
      options_(std::move(options)),
      codec_(std::move(codec)),
      actions_([&loop] { return loop.now(); }),
      fan_out_(enqueue{this}, options_.connection.queue.low_water),
      end_of_turn_(
          loop.deferrals(), [this] { on_end_of_turn(); }, deferral_stage::after_input),
      acceptor_(loop, with_socket_options(std::move(from)),
                {[this](accept_result accepted) { on_accepted(std::move(accepted)); },
                 [this] { return abort_lingering(); },
                 [this](std::error_code reason, std::size_t refused) {
                   log("cannot accept a connection",
                       reason.message() + "; " + std::to_string(refused) + " refused");
                 }}) {}

// Accepted sockets inherit the options.
template <event_loop Loop, codec Codec>
listener server<Loop, Codec>::with_socket_options(listener from) {
  if (from.local().family() == AF_UNIX) return from;
  from.set_no_delay(true);  // a turn's output is one write: there is nothing to wait for
  from.set_keepalive(std::chrono::seconds(60), std::chrono::seconds(10), 5);
  return from;
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::on_accepted(accept_result accepted) {
  const auto key = clients_.reserve();
  const connection_id id{key};
  try {
    clients_.put(key,
                 std::make_unique<client>(*this, id, std::move(accepted.socket), accepted.peer));
  } catch (const std::exception& failure) {  // it is gone already, or memory is short
    clients_.take(key);
    return log("lost a connection at once", accepted.peer.to_string() + ": " + failure.what());
  }
  end_of_turn_.schedule();
  service_.connected(id, arrival{accepted.peer, options_.wall_clock()}, actions_);
  apply_all();
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::on_frame(connection_id id, const frame& received) {
  end_of_turn_.schedule();
  if (received.error)
    service_.malformed(id, received.error, actions_);
  else
    service_.received(id, received.payload, actions_);
  apply_actions();
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::on_ended(connection_id id, std::error_code error) {
  end_of_turn_.schedule();
  if (error) {
    report_departure(id, departure::broken);
  } else {
    find(id)->input_ended = true;
    service_.input_ended(id, actions_);
  }
  apply_all();
}

// Frames for it may still be in the batch. To queue them may already close it as a slow consumer.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::on_late(connection_id id, connection_deadline which) {
  if (which == connection_deadline::drain || which == connection_deadline::close)
    return log_cut(*find(id), which);
  fan_out_.flush_batch();
  if (client* const slow = find_open(id)) {
    if (which == connection_deadline::stall)
      evict(*slow, departure::stalled, slow->link.queued());
    else
      evict(*slow, departure::unfinished_frame, slow->link.undelivered());
  }
  apply_all();
}

// The end of the next turn looks whether all together hold too much: after this one's writing.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::on_holding(client& holder, std::size_t bytes) {
  held_ += bytes - std::exchange(holder.held, bytes);
  if (held_ > options_.memory_budget) end_of_turn_.schedule();
}

// The connection is calling, so it lives until the end of the turn.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::on_closed(connection_id id) {
  auto gone = clients_.take(static_cast<std::uint64_t>(id));
  held_ -= gone->held;
  if (gone->closing) closing_.erase(*gone->closing);
  service_.released(id);
  loop_.retire(std::move(gone));
  finish_if_empty();
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::on_end_of_turn() {
  try {
    if (!shutting_down_) {
      keep_to_budget();
      service_.end_of_turn(actions_);
    }
    apply_all();
  } catch (...) {
    end_of_turn_.schedule();  // applies the rest
    throw;
  }
  fan_out_.end_turn();
}

// The turn ends once more after this call: a service may hold back what it has to say about it.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::report_departure(connection_id id, departure why) {
  end_of_turn_.schedule();
  service_.disconnected(id, why, actions_);
}

// Applies all that the service asks for, and puts it into the queues. The service may ask for more
// when it is told of evictions.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::apply_all() {
  do {
    apply_actions();
    fan_out_.flush_batch();
    report_evictions();
  } while (actions_.size() > 0);
}

// An action may lead to further ones, which are added behind it. If a call of the service throws,
// the rest is applied in the next turn.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::apply_actions() {
  while (next_action_ < actions_.size()) {
    const actions::action next = actions_[next_action_++];
    std::visit([this](const auto& action) { this->apply(action); }, next);
  }
  actions_.clear();
  next_action_ = 0;
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::apply(const actions::send_frame& sent) {
  fan_out_.send(actions_.recipients(sent),
                [&](std::string& out) { codec_.encode(actions_.frame(sent), out); });
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::apply(const actions::close_connection& closing) {
  fan_out_.flush_batch();
  client* const leaving = find_open(closing.id);
  if (leaving == nullptr) return;
  note_closing(*leaving);
  leaving->link.close();
  report_departure(closing.id, leaving->input_ended ? departure::end_of_input : departure::asked);
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::apply(const actions::pause_input& pausing) {
  fan_out_.flush_batch();
  if (client* const paused = find_open(pausing.id)) paused->link.pause();
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::apply(const actions::resume_input& resuming) {
  if (client* const resumed = find_open(resuming.id)) resumed->link.resume();
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::apply(const actions::wake& asked) {
  if (shutting_down_) return;
  wake_timer_ = loop_.at(asked.when, [this] {
    end_of_turn_.schedule();
    service_.elapsed(loop_.now(), actions_);
    apply_all();
  });
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::apply(const actions::log_event& logged) {
  const client* const about = find(logged.about);
  if (about == nullptr || !options_.log) return;
  const std::string event(actions_.event(logged));  // the log may call `apply`
  options_.log(event, name_and_address(about->id, about->peer));
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::enqueue_for(connection_id to, const shared_payload& payload) {
  client* const recipient = find(to);
  if (recipient == nullptr || recipient->link.send(payload)) return;
  evict(*recipient, departure::not_reading, recipient->link.queued());
}

// Disconnects those that hold the most, until an eighth of the budget is free: so the scan of all
// connections is rare. A connection that is closing already, and is still among the largest, is cut
// off: it may lose what is left for it.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::keep_to_budget() {
  if (held_ <= options_.memory_budget) return;
  fan_out_.flush_batch();
  std::vector<std::pair<std::size_t, std::uint64_t>> holders;
  std::size_t left = 0;
  for (const auto id : clients_.ids()) {
    const std::size_t held = clients_.find(id)->link.memory();
    if (held > 0) holders.emplace_back(held, id);
    left += held;
  }
  if (left <= options_.memory_budget) return;  // some have closed in this turn
  std::make_heap(holders.begin(), holders.end());
  const std::size_t wanted = options_.memory_budget - options_.memory_budget / 8;
  for (; left > wanted; holders.pop_back()) {
    std::pop_heap(holders.begin(), holders.end());
    const auto [held, id] = holders.back();
    left -= held;
    client& largest = *clients_.find(id);
    if (largest.link.open()) {
      evict(largest, departure::memory_limit, held);
      continue;
    }
    log("the connections hold too much memory",
        largest.peer.to_string() + ": closing, it held " + std::to_string(held) + " bytes");
    largest.link.abort();
  }
}

// The service has been told of the end before: it has no name for it any more.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::log_cut(const client& gone, connection_deadline which) const {
  const std::string why = which == connection_deadline::drain
                              ? ": it accepts nothing and does not end, "
                              : ": it takes too long, ";
  log("cut off a client that is being closed",
      gone.peer.to_string() + why + std::to_string(gone.link.queued()) + " bytes wait");
}

// Takes nothing more for the connection from here on. It is reported later: the fan-out may be at
// work, and the other recipients must not miss a frame if a call of the service throws.
template <event_loop Loop, codec Codec>
void server<Loop, Codec>::evict(client& gone, departure why, std::size_t bytes) {
  note_closing(gone);
  evictions_.push_back({gone.id, gone.peer, why, bytes});
  const std::string last = options_.last_frame ? options_.last_frame(why) : std::string();
  if (why != departure::unfinished_frame) return gone.link.close_without_queue(last);
  if (!last.empty()) gone.link.send(last);  // if there is no room, it is closed without
  gone.link.close();
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::note_closing(client& leaving) {
  leaving.closing = closing_.insert(closing_.end(), leaving.id);
}

// A lingering connection has nothing left to send; its descriptor only waits for the peer's end.
// Few are looked at for one newcomer. They go to the end, so that the next look begins behind them.
template <event_loop Loop, codec Codec>
bool server<Loop, Codec>::abort_lingering() {
  constexpr std::size_t most = acceptor<Loop>::max_a_turn;
  for (std::size_t left = std::min(most, closing_.size()); left > 0; --left) {
    client& oldest = *find(closing_.front());
    if (oldest.link.phase() == connection_phase::lingering) {
      log("cut off a client that is being closed",
          oldest.peer.to_string() + ": its descriptor is needed");
      oldest.link.abort();
      return true;
    }
    closing_.splice(closing_.end(), closing_, closing_.begin());
  }
  return false;
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::report_evictions() {
  while (!evictions_.empty()) {
    const eviction gone = evictions_.front();
    evictions_.pop_front();
    try {
      log_eviction(gone);
    } catch (...) {
      report_departure(gone.id, gone.why);
      throw;
    }
    report_departure(gone.id, gone.why);
  }
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::log_eviction(const eviction& gone) const {
  if (!options_.log) return;
  const std::string who = name_and_address(gone.id, gone.peer) + ": ";
  const std::string bytes = std::to_string(gone.bytes) + " bytes";
  switch (gone.why) {
    case departure::stalled:
      return log("a client accepts nothing", who + bytes + " wait");
    case departure::unfinished_frame:
      return log("a client does not finish a frame", who + bytes + " of it are held");
    case departure::memory_limit:
      return log("the connections hold too much memory", who + "it held " + bytes);
    default:
      return log("a client does not read", who + bytes + " wait");
  }
}

template <event_loop Loop, codec Codec>
std::string server<Loop, Codec>::name_and_address(connection_id id, const endpoint& peer) const {
  const std::string name = service_.describe(id);
  return (name.empty() ? name : name + ", ") + peer.to_string();
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::shut_down(std::chrono::milliseconds limit, std::function<void()> done) {
  if (std::exchange(shutting_down_, true)) return;
  std::exception_ptr failure;  // the server shuts down all the same
  try {
    service_.end_of_turn(actions_);
    apply_all();
  } catch (...) {
    failure = std::current_exception();
  }
  close_all(limit, std::move(done));
  if (failure) std::rethrow_exception(failure);
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::close_all(std::chrono::milliseconds limit, std::function<void()> done) {
  wake_timer_.cancel();
  acceptor_.close();
  for (const auto id : clients_.ids()) clients_.find(id)->link.close_when_sent();
  when_empty_ = std::move(done);
  // Not in this call: a handler of the object that `done` destroys may have called.
  const auto time_left = clients_.size() == 0 ? std::chrono::milliseconds(0) : limit;
  shutdown_timer_ = loop_.at(time_after(loop_.now(), time_left), [this] {
    if (clients_.size() == 0) return finish_if_empty();
    // After the last connection this server may be destroyed: nothing of it is used any more.
    for (const auto id : clients_.ids()) clients_.find(id)->link.abort();
  });
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::finish_if_empty() {
  if (clients_.size() == 0 && when_empty_) std::exchange(when_empty_, nullptr)();
}

template <event_loop Loop, codec Codec>
typename server<Loop, Codec>::client* server<Loop, Codec>::find(connection_id id) noexcept {
  return clients_.find(static_cast<std::uint64_t>(id));
}

// The service has been told of the end of a connection that is closing: it may not ask for more.
template <event_loop Loop, codec Codec>
typename server<Loop, Codec>::client* server<Loop, Codec>::find_open(connection_id id) noexcept {
  client* const found = find(id);
  return found != nullptr && found->link.open() ? found : nullptr;
}

template <event_loop Loop, codec Codec>
void server<Loop, Codec>::log(std::string_view event, const std::string& detail) const {
  if (options_.log) options_.log(event, detail);
}

}  // namespace jalon

#ifdef JALON_COMPILED
#include "../reactor.hpp"

namespace jalon {
JALON_EXTERN template class server<reactor>;
}
#endif
