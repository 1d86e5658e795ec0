// The users: who is there under which nick, and what they say to each other.
// No socket, no clock and no JSON live here. Chapter: tutorial/02-users.
#pragma once

#include <chrono>
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
#include "chat/router.hpp"
#include "chat/session_messages.hpp"
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

/// The unit of milestone 2.
class users {
 public:
  /// Told of a user who leaves, while the nick still stands.
  using leaving_handler = std::function<void(connection_id, actions&)>;

  /// Registers its requests with @p chat, which outlives it.
  explicit users(router& chat) {
    chat.add_feature("users");
    chat.watch_connections(
        {[this](connection_id id, const jalon::arrival& arrival) { arrive(id, arrival); },
         [this](connection_id id, actions& out) { leave(id, out); },
         [this](connection_id id) { return has_nick(id); }});
    chat.on(access::anyone, *this, &users::take_nick);
    chat.on(access::anyone, *this, &users::repeat);
    chat.on(access::anyone, *this, &users::answer_ping);
    chat.on(access::anyone, *this, &users::say_bye);
    chat.on(access::named, *this, &users::list);
    chat.on(access::named, *this, &users::tell_who_is);
    chat.on(access::named, *this, &users::pass_on);
    chat.on(access::named, *this, &users::pass_on_to_all);
  }
  users(const users&) = delete;
  users& operator=(const users&) = delete;

  // What other units ask, and are told.

  /// Whether @p id has taken a nick.
  bool has_nick(connection_id id) const { return !people_.at(id).nick.empty(); }

  /// The nick of @p id, as it was taken.
  const std::string& nick_of(connection_id id) const { return people_.at(id).nick; }

  /// The address that @p id is seen at.
  const std::string& address_of(connection_id id) const { return people_.at(id).address; }

  /// Who has this nick, if anybody.
  std::optional<connection_id> find(const nickname& name) const {
    const auto found = by_nick_.find(folded(name.value()));
    if (found == by_nick_.end()) return std::nullopt;
    return found->second;
  }

  /// Has @p handler told of each user who leaves.
  void on_leaving(leaving_handler handler) { leaving_.push_back(std::move(handler)); }

  /// The refusal that is due where `find` finds nobody.
  static answer nobody() { return answer::refused("no_such_nick", "nobody has this nick"); }

 private:
  struct person {
    std::string address;
    std::uint16_t port = 0;
    std::chrono::system_clock::time_point arrived;
    std::string nick = {};  // empty before one was taken
  };

  void arrive(connection_id id, const jalon::arrival& arrival) {
    people_[id] = {arrival.peer.address(), arrival.peer.port(), arrival.time};
  }

  void leave(connection_id id, actions& out) {
    if (has_nick(id)) {
      for (const auto& told : leaving_) told(id, out);
      by_nick_.erase(folded(nick_of(id)));
    }
    people_.erase(id);
  }

  answer take_nick(connection_id from, const nick& wanted, actions& out) {
    const auto owner = find(wanted.name);
    if (owner && *owner != from) return answer::refused("nick_taken", "this nick is taken");
    std::string& current = people_.at(from).nick;
    if (owner) return answer{welcome{current}};  // the same nick, whatever its case: it stays
    const std::string old = std::exchange(current, std::string(wanted.name.value()));
    by_nick_.erase(folded(old));
    by_nick_[folded(current)] = from;
    if (!old.empty()) out.send(others(from), jalon::as_line(renamed{old, current}));
    return answer{welcome{current}};
  }

  answer list(connection_id /*from*/, const who& asked, actions& /*out*/) {
    constexpr std::size_t punctuation = sizeof R"("",)" - 1;
    user_list told;
    told.users = list_page(
        by_nick_, asked.after, [this](connection_id id) { return nick_of(id); },
        [](const std::string& name) { return name.size() + punctuation; }, told.more);
    return answer{std::move(told)};
  }

  answer tell_who_is(connection_id /*from*/, const whois& asked, actions& /*out*/) {
    const auto id = find(asked.nick);
    if (!id) return nobody();
    const person& found = people_.at(*id);
    return answer{user_info{found.nick, to_rfc3339(found.arrived), found.address, found.port}};
  }

  answer pass_on(connection_id from, const msg& said, actions& out) {
    const auto to = find(said.to);
    if (!to) return nobody();
    out.send(*to, jalon::as_line(msg_event{nick_of(from), nick_of(*to), said.text.value()}));
    return answer::done();
  }

  answer pass_on_to_all(connection_id from, const msgall& said, actions& out) {
    out.send(others(from), jalon::as_line(msgall_event{nick_of(from), said.text.value()}));
    return answer::done();
  }

  answer repeat(connection_id /*from*/, const echo& said, actions& /*out*/) { return answer{said}; }

  answer answer_ping(connection_id /*from*/, const ping& /*asked*/, actions& /*out*/) {
    return answer{pong{}};
  }

  answer say_bye(connection_id /*from*/, const quit& /*asked*/, actions& /*out*/) {
    return answer{bye{}}.then_close();
  }

  // All who have a nick, but @p self.
  std::vector<connection_id> others(connection_id self) const {
    std::vector<connection_id> all;
    all.reserve(by_nick_.size());
    for (const auto& [name, id] : by_nick_) {
      if (id != self) all.push_back(id);
    }
    return all;
  }

  std::unordered_map<connection_id, person> people_;
  std::map<std::string, connection_id> by_nick_;  // by folded nick: sorted as lists are
  std::vector<leaving_handler> leaving_;
};

}  // namespace chat
