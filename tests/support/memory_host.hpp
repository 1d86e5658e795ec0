// A host that runs a service without sockets and without a clock: what clients send goes in, what
// they receive comes out. Each rule here is one of jalon/server.hpp and jalon/connection.hpp; the
// dialogues, which run on both, show that they are the same.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <jalon/buffer.hpp>
#include <jalon/endpoint.hpp>
#include <jalon/line_codec.hpp>
#include <jalon/service.hpp>

#include "delivery.hpp"

namespace support {

/// Runs a service for clients that are calls of the test. Each call is a turn of a loop: what it
/// leads to is done when it returns.
class memory_host {
 public:
  using client = jalon::connection_id;

  /// @param clock the loop's time, for a service that asks for it
  explicit memory_host(jalon::service& served, std::function<jalon::steady_time()> clock = {})
      : service_(served), clock_(clock), actions_(std::move(clock)) {}

  /// Whether the service has asked for a turn at a time that has come; if so, that turn is done.
  bool elapse() {
    if (!wake_ || *wake_ > clock_()) return false;
    wake_.reset();
    service_.elapsed(clock_(), actions_);
    end_turn();
    return true;
  }

  /// What the service takes for the time of day.
  void set_clock(std::chrono::system_clock::time_point now) { now_ = now; }

  /// Somebody connects from @p from.
  template <class Avoid>
  client connect(const jalon::endpoint& from, Avoid /*ports*/) {
    return connect(from);
  }
  client connect(const jalon::endpoint& from) {
    const client id{++last_id_};
    peers_[id].port = from.port();
    service_.connected(id, jalon::arrival{from, now_}, actions_);
    end_turn();
    return id;
  }

  /// The port that @p who is seen at.
  std::uint16_t port_of(client who) const { return peers_.at(who).port; }

  /// Bytes come from @p who; they need not be whole lines.
  void send(client who, std::string_view bytes) {
    peer& from = peers_.at(who);
    if (!from.open) return;
    from.in.append(bytes);
    deliver(who, from);
    end_turn();
  }

  /// The input of @p who ends; it still reads.
  void end_input(client who) {
    peer& from = peers_.at(who);
    if (!from.open) return;
    from.ended = true;
    deliver(who, from);
    end_turn();
  }

  /// The connection of @p who breaks.
  void disconnect(client who) {
    peer& gone = peers_.at(who);
    if (!gone.open) return;
    part(who, gone, jalon::departure::broken);
    end_turn();
  }

  /// Applies actions that the service has kept.
  void apply(const jalon::actions& kept) {
    actions_.append(kept);
    end_turn();
  }

  /// From now on @p who reads nothing, and nothing more may wait for it.
  void deafen(client who) { peers_.at(who).deaf = true; }

  /// From now on the sockets of connections that are gone stay open, as if their peers were slow.
  void linger() { lingers_ = true; }

  /// The socket of @p who, who is gone, is closed.
  void release(client who) { service_.released(who); }

  /// Whether @p who is still served.
  bool is_open(client who) const { return peers_.at(who).open; }

  /// What @p who gets next; nothing if that has not happened yet.
  delivery next(client who) {
    peer& to = peers_.at(who);
    if (to.lines.empty()) return {to.open ? delivery::nothing : delivery::end, {}};
    delivery first{delivery::line, std::move(to.lines.front())};
    to.lines.pop_front();
    return first;
  }

  /// What there is already of what `next` gives.
  delivery pending(client who) { return next(who); }

  /// What the service has logged: the event, and the name of whom it concerns.
  const std::vector<std::string>& log() const { return log_; }

  /// How many actions were for a connection of which the service had been told that it is gone.
  std::size_t strays() const { return strays_; }

 private:
  struct peer {
    std::uint16_t port = 0;
    jalon::buffer in = {};
    jalon::line_codec codec = jalon::line_codec{};
    std::deque<std::string> lines = {};
    bool open = true;
    bool deaf = false;
    bool paused = false;
    bool ended = false;       // its input
    bool end_told = false;    // to the service
    std::size_t excused = 0;  // actions before this index were made when it was still there
  };

  void deliver(client who, peer& from) {
    while (from.open && !from.paused) {
      auto next = from.codec.next(from.in);
      if (!next && from.ended) next = from.codec.finish(from.in);
      if (!next) break;
      on_frame(who, *next);
    }
    if (!from.open || from.paused || !from.ended || std::exchange(from.end_told, true)) return;
    service_.input_ended(who, actions_);
    apply();
  }

  void on_frame(client from, const jalon::frame& frame) {
    if (frame.error)
      service_.malformed(from, frame.error, actions_);
    else
      service_.received(from, frame.payload, actions_);
    apply();
  }

  void end_turn() {
    do {
      apply();
      service_.end_of_turn(actions_);
      apply();
    } while (deliver_resumed());
  }

  // What the input of those who were resumed leads to is another turn. @return whether there was
  // any
  bool deliver_resumed() {
    const auto resumed = std::exchange(resumed_, {});
    for (const client who : resumed) deliver(who, peers_.at(who));
    return !resumed.empty();
  }

  void apply() {
    for (index_ = 0; index_ < actions_.size(); ++index_) {
      const jalon::actions::action next = actions_[index_];
      std::visit([this](const auto& action) { this->apply(action); }, next);
    }
    actions_.clear();
    for (const client gone : std::exchange(departed_, {})) peers_.at(gone).excused = 0;
  }

  void apply(const jalon::actions::send_frame& sent) {
    for (std::size_t i = 0; i < sent.count; ++i) {
      const client who = actions_.recipients(sent)[i];
      peer* const to = find(who);
      if (to == nullptr) continue;
      if (to->deaf)
        part(who, *to, jalon::departure::not_reading);
      else
        to->lines.emplace_back(actions_.frame(sent));
    }
  }

  void apply(const jalon::actions::close_connection& closing) {
    if (peer* const leaving = find(closing.id))
      part(closing.id, *leaving,
           leaving->ended ? jalon::departure::end_of_input : jalon::departure::asked);
  }

  void apply(const jalon::actions::pause_input& pausing) {
    if (peer* const paused = find(pausing.id)) paused->paused = true;
  }

  void apply(const jalon::actions::resume_input& resuming) {
    peer* const resumed = find(resuming.id);
    if (resumed == nullptr) return;
    resumed->paused = false;
    resumed_.push_back(resuming.id);
  }

  void apply(const jalon::actions::wake& asked) { wake_ = asked.when; }

  void apply(const jalon::actions::log_event& logged) {
    const std::string name = service_.describe(logged.about);
    log_.push_back(std::string(actions_.event(logged)) + ": " + (name.empty() ? "-" : name));
  }

  void part(client who, peer& leaving, jalon::departure how) {
    leaving.open = false;
    leaving.excused = actions_.size();
    departed_.push_back(who);
    service_.disconnected(who, how, actions_);
    if (!lingers_) service_.released(who);
  }

  peer* find(client who) {
    const auto found = peers_.find(who);
    if (found != peers_.end() && found->second.open) return &found->second;
    if (found == peers_.end() || index_ >= found->second.excused) ++strays_;
    return nullptr;
  }

  jalon::service& service_;
  std::function<jalon::steady_time()> clock_;
  jalon::actions actions_;
  std::optional<jalon::steady_time> wake_;
  std::vector<std::string> log_;
  std::map<client, peer> peers_;
  std::vector<client> departed_;  // since the actions were last empty
  std::vector<client> resumed_;   // in this turn
  std::size_t index_ = 0;         // of the action that is being applied
  std::size_t strays_ = 0;
  bool lingers_ = false;
  std::uint64_t last_id_ = 0;
  std::chrono::system_clock::time_point now_;
};

}  // namespace support
