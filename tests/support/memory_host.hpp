// A host of a service without socket and clock: what clients send goes in, what they get comes out.
// Each rule here is one of jalon/server.hpp and jalon/connection.hpp; the dialogues, which are
// played on both, show that they are the same.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
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

/// Runs a service for clients that are calls of the test. What a call leads to is done when it
/// returns.
class memory_host {
 public:
  using client = jalon::connection_id;

  explicit memory_host(jalon::service_ref served) : service_(served) {}

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
    apply();
    return id;
  }

  /// The port that @p who is seen at.
  std::uint16_t port_of(client who) const { return peers_.at(who).port; }

  /// Bytes come from @p who; they need not be whole lines.
  void send(client who, std::string_view bytes) {
    peer& from = peers_.at(who);
    if (!from.open) return;
    from.in.append(bytes);
    while (from.open) {
      const auto next = from.codec.next(from.in);
      if (!next) break;
      on_frame(who, *next);
    }
  }

  /// The input of @p who ends; it still reads.
  void end_input(client who) {
    peer& from = peers_.at(who);
    if (!from.open) return;
    if (const auto last = from.codec.finish(from.in)) on_frame(who, *last);
    if (from.open) part(who, from, jalon::departure::end_of_input);
    apply();
  }

  /// The connection of @p who breaks.
  void disconnect(client who) {
    peer& gone = peers_.at(who);
    if (!gone.open) return;
    part(who, gone, jalon::departure::broken);
    apply();
  }

  /// From now on @p who reads nothing, and nothing more may wait for it.
  void deafen(client who) { peers_.at(who).deaf = true; }

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
    std::size_t excused = 0;  // actions before this index were made when it was still there
  };

  void on_frame(client from, const jalon::frame& one) {
    if (one.error)
      service_.malformed(from, one.error, actions_);
    else
      service_.received(from, one.payload, actions_);
    apply();
  }

  void apply() {
    for (index_ = 0; index_ < actions_.size(); ++index_) {
      const jalon::actions::action one = actions_[index_];
      std::visit([this](const auto& action) { this->apply(action); }, one);
    }
    actions_.clear();
    for (const client one : std::exchange(departed_, {})) peers_.at(one).excused = 0;
  }

  void apply(const jalon::actions::send_line& one) {
    for (std::size_t i = 0; i < one.count; ++i) {
      const client who = actions_.recipients(one)[i];
      peer* const to = find(who);
      if (to == nullptr) continue;
      if (to->deaf)
        part(who, *to, jalon::departure::not_reading);
      else
        to->lines.emplace_back(actions_.line(one).substr(0, one.size - 1));
    }
  }

  void apply(const jalon::actions::close_one& one) {
    if (peer* const leaving = find(one.who)) part(one.who, *leaving, jalon::departure::asked);
  }

  void apply(const jalon::actions::wake& /*one*/) {}

  void part(client who, peer& leaving, jalon::departure how) {
    leaving.open = false;
    leaving.excused = actions_.size();
    departed_.push_back(who);
    service_.disconnected(who, how, actions_);
  }

  peer* find(client who) {
    const auto found = peers_.find(who);
    if (found != peers_.end() && found->second.open) return &found->second;
    if (found == peers_.end() || index_ >= found->second.excused) ++strays_;
    return nullptr;
  }

  jalon::service_ref service_;
  jalon::actions actions_;
  std::map<client, peer> peers_;
  std::vector<client> departed_;  // since the actions were last empty
  std::size_t index_ = 0;         // of the action that is being applied
  std::size_t strays_ = 0;
  std::uint64_t last_id_ = 0;
  std::chrono::system_clock::time_point now_;
};

}  // namespace support
