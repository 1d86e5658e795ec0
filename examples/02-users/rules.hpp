// The users: who is there under which nick, and what they say to each other. No socket, no clock
// and no JSON live here. Chapter: tutorial/02-users.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <jalon/service.hpp>

#include "chat/paging.hpp"
#include "chat/recipient_list.hpp"
#include "chat/router.hpp"
#include "messages.hpp"

namespace chat {

/// @p time as RFC 3339 has it, in UTC: `2026-11-23T09:30:00Z`.
inline std::string to_rfc3339(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[sizeof "2026-11-23T09:30:00Z"];
  return {text, std::strftime(text, sizeof text, "%FT%TZ", &parts)};
}

/// The server's side of users, a unit of the router: who is connected under which nick, and the
/// messages to one user and to all. Handles `nick`, `who`, `whois`, `msg` and `msgall`.
class users {
 public:
  /// Called when a user leaves, while the user still has the nick.
  using leaving_handler = std::function<void(connection_id, actions&)>;
  /// Called when a user has changed nick, with the old one.
  using renaming_handler = std::function<void(connection_id, const std::string& old)>;

  /// Registers its requests, with a router that outlives it.
  explicit users(router& requests) : router_(requests) {
    requests.add_feature("users");
    requests.on_connected(
        [this](connection_id id, const jalon::arrival& arrival, actions& /*out*/) {
          people_[id] = {arrival.peer.address_without_scope(), arrival.peer.port(), arrival.time};
        });
    requests.on_disconnected([this](connection_id id, actions& out) { disconnected(id, out); });
    requests.set_nick_check([this](connection_id id) { return has_nick(id); });
    requests.set_name_source([this](connection_id id) { return nick_of(id); });
    requests.route<nick>(access::anyone, *this);
    requests.route<who, whois, msg, msgall>(access::named, *this);
  }
  users(const users&) = delete;
  users& operator=(const users&) = delete;

  // What other units call.

  /// Whether @p id has taken a nick.
  bool has_nick(connection_id id) const { return !people_.at(id).nick.empty(); }

  /// The nick of @p id, spelled as the user took it.
  const std::string& nick_of(connection_id id) const { return people_.at(id).nick; }

  /// The address from which @p id is connected, without the scope: it is told to other hosts.
  const std::string& address_of(connection_id id) const { return people_.at(id).address; }

  /// The connection of the user with this nick, if there is one. Of a user who is not there any
  /// more, others are told first that they have left.
  std::optional<connection_id> find(const nickname& name, actions& out) {
    const auto found = by_nick_.find(folded(name.value()));
    if (found == by_nick_.end()) return std::nullopt;
    const connection_id id = found->second;
    if (!router_.is_present(id, out)) return std::nullopt;
    return id;
  }

  /// Has @p handler called for each user who leaves.
  void on_leaving(leaving_handler handler) { leaving_.push_back(std::move(handler)); }

  /// Has @p handler called for each user who changes nick.
  void on_renaming(renaming_handler handler) { renaming_.push_back(std::move(handler)); }

  /// The refusal of a request for which `find` has found nobody.
  static answer no_such_nick() { return answer::refused("no_such_nick", "nobody has this nick"); }

  // What the router calls.

  reach reach_of(connection_id from, const nick& /*request*/) const {
    return {.clients = has_nick(from) ? named_.size() : 0};
  }

  reach reach_of(connection_id /*from*/, const who& /*request*/) const {
    return {.answer_bytes = page_bytes(by_nick_.size(), max_name + punctuation)};
  }

  reach reach_of(connection_id /*from*/, const msgall& /*request*/) const {
    return {.clients = named_.size()};
  }

  answer handle(connection_id from, const nick& request, actions& out) {
    const auto owner = find(request.name, out);
    if (owner && *owner != from) return answer::refused("nick_taken", "this nick is taken");
    std::string& current = people_.at(from).nick;
    const std::string old = std::exchange(current, std::string(request.name.value()));
    by_nick_.erase(folded(old));
    by_nick_[folded(current)] = from;
    named_.add(from);
    if (old.empty() || old == current) return answer{welcome{current}};
    for (const auto& handler : renaming_) handler(from, old);
    out.send(named_.all_except(from), jalon::as_line(renamed{old, current}));
    return answer{welcome{current}};
  }

  answer handle(connection_id /*from*/, const who& request, actions& /*out*/) {
    user_list list;
    list.users = list_page(
        by_nick_, request.after, [this](connection_id id) { return nick_of(id); },
        [](const std::string& name) { return name.size() + punctuation; }, list.more);
    return answer{std::move(list)};
  }

  answer handle(connection_id /*from*/, const whois& request, actions& out) {
    const auto id = find(request.nick, out);
    if (!id) return no_such_nick();
    const person& found = people_.at(*id);
    return answer{user_info{found.nick, to_rfc3339(found.arrived), found.address, found.port}};
  }

  answer handle(connection_id from, const msg& request, actions& out) {
    const auto to = find(request.to, out);
    if (!to) return no_such_nick();
    out.send(*to, jalon::as_line(msg_event{nick_of(from), nick_of(*to), request.text.value()}));
    return answer::done();
  }

  answer handle(connection_id from, const msgall& request, actions& out) {
    out.send(named_.all_except(from),
             jalon::as_line(msgall_event{nick_of(from), request.text.value()}));
    return answer::done();
  }

 private:
  static constexpr std::size_t punctuation = sizeof R"("",)" - 1;  // of a name in a list

  struct person {
    std::string address;
    std::uint16_t port = 0;
    std::chrono::system_clock::time_point arrived;
    std::string nick = {};  // empty until the user takes one
  };

  void disconnected(connection_id id, actions& out) {
    if (has_nick(id)) {
      for (const auto& handler : leaving_) handler(id, out);
      by_nick_.erase(folded(nick_of(id)));
      named_.remove(id);
    }
    people_.erase(id);
  }

  router& router_;
  std::unordered_map<connection_id, person> people_;
  std::map<std::string, connection_id> by_nick_;  // by folded nick, so sorted as lists are
  recipient_list named_;                          // the same users
  std::vector<leaving_handler> leaving_;
  std::vector<renaming_handler> renaming_;
};

}  // namespace chat
