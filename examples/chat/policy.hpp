// The limits of a chat server, as a service in front of the router: who may connect, for how long
// without a nick, and how much work one client may cause. The rules behind it know nothing of it.
// Chapter: tutorial/02-users.
//
//     host --> policy --> router --> units
//               |  admission: connections of an address, HTTP and TLS
//               |  login: a nick within a time
//               |  rate: a token bucket for each client
//               |  turns: a bounded amount of work in each turn of the loop
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <jalon/json_message.hpp>
#include <jalon/service.hpp>
#include <jalon/timer_queue.hpp>

#include "address_debts.hpp"
#include "address_limit.hpp"
#include "foreign_protocol.hpp"
#include "held_lines.hpp"
#include "limits.hpp"
#include "long_numbers.hpp"
#include "names.hpp"
#include "router.hpp"
#include "session_messages.hpp"
#include "token_bucket.hpp"

namespace chat {

/// Applies limits to what reaches a router.
///
/// **Rate.** A request costs the work that it causes: one for itself and for each 8 bytes of it, a
/// hundred for each number in it that is slow to read (long_numbers.hpp), and for each frame that
/// is sent because of it ten, one for each 16 bytes, and one for each client that gets up to 256
/// bytes of it. It is paid out of the client's token bucket. A client whose bucket owes tokens is
/// paused: nothing is read from it, so nothing is lost. What a client owes when it leaves, the next
/// one from its address has to wait for.
///
/// **Turns.** When a turn of the loop has had enough work, requests are held for the next one, and
/// so are departures, unless a request asks for the user who has left. The order of the requests of
/// one client is kept; between clients, those go first that can cause less work. That is found
/// out from the request itself: what a client has asked for before says nothing about it.
class policy final : public jalon::service {
 public:
  /// @param behind what it protects; outlives it
  policy(router& behind, const service_limits& limits)
      : router_(behind), limits_(limits), addresses_(limits.connections_per_address) {
    router_.set_presence_check(
        [this](connection_id id, actions& out) { return settle_presence(id, out); });
  }

  // What the host calls (jalon/service.hpp).

  void connected(connection_id id, const jalon::arrival& how, actions& out) override {
    const auto address = address_limit::key_of(how.peer);
    if (address && !addresses_.add(*address)) {
      return dismiss(id, "too_many_connections", "your address has too many connections here",
                     "an address has too many connections", out);
    }
    if (address) counted_.emplace(id, *address);
    client& added = clients_[id];
    added.address = address;
    added.bucket = debts_.bucket_for(origin_of(added));
    if (address)
      added.login =
          call_after(limits_.login_time, out, [this, id] { login_expired_.push_back(id); });
    router_.connected(id, how, out);
    pause_if_owing(id, added, out);
  }

  void received(connection_id from, std::string_view line, actions& out) override {
    const auto found = clients_.find(from);
    if (found == clients_.end()) return;
    client& asking = found->second;
    if (has_room()) return process(from, asking, line, out);
    if (held_.bytes() + line.size() > limits_.held_bytes)
      return refuse_for_lack_of_room(from, asking, line, out);
    held_.add(from, line, most_work_of(from, line));
    asking.holds_line = true;
    out.pause(from);
  }

  void malformed(connection_id from, std::error_code error, actions& out) override {
    const auto found = clients_.find(from);
    if (found == clients_.end()) return;
    if (error.category() == foreign_category()) {
      const std::string what = error.message();
      return dismiss(from, "bad_json", "this is a chat server; it does not speak " + what,
                     "a client speaks " + what, out);
    }
    client& asking = found->second;
    if (wait_of(asking, out) > limits_.longest_wait) return refuse(from, asking, "{}", out);
    const std::size_t first = out.size();
    router_.malformed(from, error, out);
    charge(from, asking, 1 + max_line / bytes_a_delivery, first, out);
  }

  void disconnected(connection_id id, jalon::departure why, actions& out) override {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    client& gone = found->second;
    gone.gone = why;
    gone.login.cancel();
    gone.pause.cancel();
    if (gone.holds_line) return;  // what was asked before is done before
    if (departures_.empty() && done_ < share(at_once))
      leave(id, out);
    else
      departures_.push_back(id);
  }

  // Until its socket is closed, a connection counts for its address: a peer that ends nothing would
  // take all descriptors otherwise.
  void released(connection_id id) noexcept override {
    const auto found = counted_.find(id);
    if (found == counted_.end()) return;
    addresses_.remove(found->second);
    counted_.erase(found);
  }

  std::string describe(connection_id id) const override {
    return clients_.contains(id) ? router_.describe(id) : std::string();
  }

  void elapsed(jalon::steady_time now, actions& out) override {
    asked_wake_.reset();
    now_ = now;
    timers_.expire(now);
    for (const connection_id id : std::exchange(login_expired_, {})) check_login(id, out);
    for (const connection_id id : std::exchange(pause_expired_, {})) end_pause(id, out);
    if (const auto next = timers_.next()) wake_at(*next, out);
  }

  void end_of_turn(actions& out) override {
    std::uint64_t end = end_of(with_departures, at_once);
    for (bool first = true; !departures_.empty() && (first || done_ < end); first = false)
      take_departure(out);
    end = end_of(with_smallest, with_departures);
    for (bool first = true; !held_.empty() && (first || done_ < end); first = false)
      take_held(held_.take_smallest(), out);
    end = end_of(with_oldest, with_smallest);
    for (bool first = true; !held_.empty() && (first || done_ < end); first = false)
      take_held(held_.take_oldest(), out);
    done_ = 0;
    if (!held_.empty() || !departures_.empty()) wake_at(now(out), out);
    now_.reset();
  }

 private:
  struct client {
    std::optional<address_limit::key> address;  // empty on this machine
    token_bucket bucket = {};
    jalon::timer_queue::timer login = {};  // until it must have a nick
    jalon::timer_queue::timer pause = {};  // until it is read again
    bool holds_line = false;
    std::optional<jalon::departure> gone = {};  // its connection has ended
  };

  // How many eighths of a turn's work may be done when each part ends: requests as they come,
  // departures, and of the requests that are held the smallest and the oldest. So a crowd of one
  // kind does not keep the others waiting.
  enum part : std::uint64_t {
    at_once = 3,
    with_departures = 4,
    with_smallest = 6,
    with_oldest = 8
  };

  std::uint64_t share(part until) const { return limits_.turn_work / 8 * until; }

  // The work at which a part of the turn ends that begins now. It has its eighths, and what those
  // before have left, also if they took more than theirs; one of each kind is done at least.
  std::uint64_t end_of(part now, part before) const {
    return std::max(share(now), done_ + share(now) - share(before));
  }

  bool has_room() const { return (done_ == 0 && held_.empty()) || done_ < share(at_once); }

  // The most work that a line will cause, if nobody enters the rooms that it concerns. To read a
  // line that takes long would take longer than the server has: it may concern everybody.
  std::uint64_t most_work_of(connection_id from, std::string_view line) {
    reach far{.clients = clients_.size()};
    const std::uint64_t reading = work_to_read(line);
    if (reading <= quickly_read) {
      far = router_.reach_of(from, line);
      done_ += reading;
    }
    return reading + work_of_frame(line.size(), far.clients) + work_of_frame(far.answer_bytes, 1);
  }

  // Does what a line asks for, and takes what it costs out of the bucket.
  void process(connection_id from, client& asking, std::string_view line, actions& out) {
    if (wait_of(asking, out) > limits_.longest_wait) return refuse(from, asking, line, out);
    const std::size_t first = out.size();
    router_.received(from, line, out);
    charge(from, asking, work_to_read(line), first, out);
  }

  // Takes out of the bucket what a line has cost: @p read to read it, and the frames from index
  // @p first on.
  void charge(connection_id from, client& asking, std::uint64_t read, std::size_t first,
              actions& out) {
    const std::uint64_t work = read + work_of(out, first) - std::exchange(work_of_others_, 0);
    done_ += work;
    asking.bucket.take(work, limits_.rate, now(out));
    pause_if_owing(from, asking, out);
  }

  void refuse(connection_id from, client& asking, std::string_view line, actions& out) {
    const auto wait = std::max<token_bucket::duration>(wait_of(asking, out), shortest_refusal);
    out.log(from, "a client asks for too much");
    send_refusal(from, asking, line, wait, "you ask for more than this server does for one client",
                 out);
  }

  // It is not this client that asks for too much. To find the id of a line that takes
  // long would take longer than the server has: its refusal has none.
  void refuse_for_lack_of_room(connection_id from, client& asking, std::string_view line,
                               actions& out) {
    out.log(from, "more requests wait than there is room for; one was refused");
    send_refusal(from, asking, work_to_read(line) <= quickly_read ? line : "{}", shortest_refusal,
                 "the server has too much to do at the moment", out);
  }

  // The client is not read for a moment, so that it does not ask in a loop.
  void send_refusal(connection_id from, client& asking, std::string_view line,
                    token_bucket::duration wait, const std::string& reason, actions& out) {
    const auto seconds =
        static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(wait).count());
    const std::string advice = "; ask again in " + std::to_string(seconds) + " seconds";
    router_.refuse(from, line, answer{error{"rate_limited", reason + advice, seconds}}, out);
    done_ += work_to_read(line);
    pause(from, asking, shortest_refusal, out);
  }

  // @return whether it was paused
  bool pause_if_owing(connection_id id, client& asking, actions& out) {
    const auto wait = wait_of(asking, out);
    if (wait == wait.zero() || wait > limits_.longest_wait) return false;
    pause(id, asking, wait, out);
    return true;
  }

  void pause(connection_id id, client& paused, token_bucket::duration wait, actions& out) {
    out.pause(id);
    paused.pause = call_after(wait, out, [this, id] { pause_expired_.push_back(id); });
  }

  // After a refusal the bucket may still owe tokens.
  void end_pause(connection_id id, actions& out) {
    if (!pause_if_owing(id, clients_.at(id), out)) out.resume(id);
  }

  void check_login(connection_id id, actions& out) {
    if (!router_.lacks_nick(id)) return;
    dismiss(id, "login_timeout", "you have not taken a nick in time",
            "a client has taken no nick in time", out);
  }

  // Has @p call called after @p wait, unless the timer is destroyed before.
  jalon::timer_queue::timer call_after(token_bucket::duration wait, actions& out,
                                       std::function<void()> call) {
    const auto when = jalon::time_after(now(out), wait);
    wake_at(when, out);
    return timers_.add(when, std::move(call));
  }

  void take_held(const held_lines::line& held, actions& out) {
    client& asking = clients_.at(held.from);
    if (!asking.gone) out.resume(held.from);  // the line may cost so much that it is paused again
    process(held.from, asking, held.text, out);
    asking.holds_line = false;
    if (asking.gone) departures_.push_back(held.from);
  }

  void take_departure(actions& out) {
    const connection_id id = departures_.front();
    departures_.pop_front();
    if (clients_.contains(id)) leave(id, out);  // else somebody has asked for this user
  }

  // Whether @p id is still there; a departure that waits is handled now. A unit asks this in the
  // midst of somebody else's request, which does not pay for it.
  bool settle_presence(connection_id id, actions& out) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return false;
    if (!found->second.gone || found->second.holds_line) return true;
    work_of_others_ += leave(id, out);
    return false;
  }

  // The news that a client has left is paid for by the next one from its address. @return the work
  // of the frames
  std::uint64_t leave(connection_id id, actions& out) {
    const std::size_t first = out.size();
    const auto left = clients_.extract(id);
    client& gone = left.mapped();
    router_.disconnected(id, *gone.gone, out);
    const std::uint64_t work = work_of(out, first);
    done_ += 1 + work;
    gone.bucket.take(1 + work, limits_.rate, now(out));
    debts_.add(origin_of(gone), gone.bucket, now(out));
    return work;
  }

  // Clients on this machine, which are not counted, have one origin together.
  static address_limit::key origin_of(const client& of) {
    return of.address.value_or(address_limit::key{});
  }

  // Closes a connection, and says why.
  static void dismiss(connection_id id, std::string_view code, const std::string& reason,
                      std::string_view event, actions& out) {
    out.send(id, jalon::as_line(error{std::string(code), reason}));
    out.log(id, event);
    out.close(id);
  }

  static std::uint64_t work_to_read(std::string_view line) {
    return 1 + line.size() / bytes_read + long_numbers(line) * number_rounded;
  }

  // The work that the frames from index @p first on are: to make each, and to deliver it.
  static std::uint64_t work_of(const actions& asked, std::size_t first) {
    std::uint64_t work = 0;
    for (std::size_t i = first; i < asked.size(); ++i) {
      if (const auto* const sent = std::get_if<actions::send_frame>(&asked[i]))
        work += work_of_frame(sent->size, sent->count);
    }
    return work;
  }

  static std::uint64_t work_of_frame(std::size_t bytes, std::size_t receivers) {
    return frame_work + bytes / bytes_made + receivers * (1 + bytes / bytes_a_delivery);
  }

  token_bucket::duration wait_of(const client& asking, const actions& out) {
    return asking.bucket.wait(limits_.burst, limits_.rate, now(out));
  }

  // The time is asked for once a turn.
  jalon::steady_time now(const actions& out) {
    if (!now_) now_ = out.now();
    return *now_;
  }

  void wake_at(jalon::steady_time when, actions& out) {
    if (when == jalon::steady_time::max() || (asked_wake_ && *asked_wake_ <= when)) return;
    asked_wake_ = when;
    out.wake_at(when);
  }

  // To find out what a frame says and to write it takes as long as ten deliveries, and one more for
  // each 16 bytes. To read JSON, as deep as it may be and with the slower parser, takes twice as
  // long as to write it, and a hundred deliveries more for each number that has to be rounded.
  static constexpr std::uint64_t frame_work = 10;
  static constexpr std::size_t bytes_made = 16;
  static constexpr std::size_t bytes_read = 8;
  static constexpr std::uint64_t number_rounded = 100;
  static constexpr std::size_t bytes_a_delivery = 256;
  static constexpr std::uint64_t quickly_read = 1 + 1'024 / bytes_read;
  static constexpr std::chrono::seconds shortest_refusal{1};

  router& router_;
  service_limits limits_;
  address_limit addresses_;
  std::unordered_map<connection_id, address_limit::key> counted_;  // whose sockets are open
  address_debts debts_;
  jalon::timer_queue timers_;
  std::vector<connection_id> login_expired_;  // whose time for a nick is over
  std::vector<connection_id> pause_expired_;  // whose pause is over
  std::unordered_map<connection_id, client> clients_;
  held_lines held_;
  std::deque<connection_id> departures_;  // that the router does not know of yet
  std::uint64_t done_ = 0;                // work, in this turn
  std::uint64_t work_of_others_ = 0;      // departures, in the midst of a request
  std::optional<jalon::steady_time> now_;
  std::optional<jalon::steady_time> asked_wake_;
};

}  // namespace chat
