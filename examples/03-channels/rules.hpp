// The channels: who is in which, and what is said there. No socket, no clock and no JSON live here;
// nicks are asked of the users. Chapter: tutorial/03-channels.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "02-users/rules.hpp"
#include "chat/paging.hpp"
#include "chat/recipient_list.hpp"
#include "chat/router.hpp"
#include "messages.hpp"

namespace chat {

/// The server's side of channels, a unit of the router. Handles `create`, `join`, `leave`, `say`
/// and the two lists. A user is in one channel at a time.
class channels {
 public:
  /// Registers its requests, and asks the users for nicks; both outlive it.
  channels(router& requests, users& users_of_chat) : users_(users_of_chat) {
    requests.add_feature("channels");
    requests.route<create, join, leave, say>(access::named, *this);
    requests.route<channel_list_request, members_request>(access::named, *this);
    users_of_chat.on_renaming(
        [this](connection_id id, const std::string& old) { rename(id, old); });
    users_of_chat.on_leaving([this](connection_id id, actions& out) { remove(id, out); });
  }
  channels(const channels&) = delete;
  channels& operator=(const channels&) = delete;

  // What the router calls.

  reach reach_of(connection_id from, const create& /*request*/) const {
    return {.clients = size_of_channel(from)};
  }

  reach reach_of(connection_id from, const join& request) const {
    return {.clients = size_of_channel(from) + size_of(request.channel)};
  }

  reach reach_of(connection_id from, const leave& /*request*/) const {
    return {.clients = size_of_channel(from)};
  }

  reach reach_of(connection_id from, const say& /*request*/) const {
    return {.clients = size_of_channel(from)};
  }

  reach reach_of(connection_id /*from*/, const channel_list_request& /*request*/) const {
    return {.answer_bytes = page_bytes(channels_.size(), max_name + most_besides_name)};
  }

  reach reach_of(connection_id /*from*/, const members_request& request) const {
    return {.answer_bytes = page_bytes(size_of(request.channel), max_name + punctuation)};
  }

  answer handle(connection_id from, const create& request, actions& out) {
    const auto [created, is_new] = channels_.try_emplace(folded(request.channel.value()));
    if (!is_new) return answer::refused("channel_exists", "this channel exists already");
    created->second.name = request.channel.value();
    return move_to(from, created, out);
  }

  answer handle(connection_id from, const join& request, actions& out) {
    const auto found = find(request.channel);
    if (found == channels_.end()) return no_such_channel();
    if (is_in(from, found)) return answer{joined{found->second.name, users_.nick_of(from), {}, {}}};
    return move_to(from, found, out);
  }

  answer handle(connection_id from, const leave& request, actions& out) {
    const auto found = find(request.channel);
    if (found == channels_.end()) return no_such_channel();
    if (!is_in(from, found)) return not_in_channel();
    const auto gone = *remove(from, out);
    left message{gone.channel, users_.nick_of(from), {}};
    if (gone.destroyed) message.destroyed = true;
    return answer{std::move(message)};
  }

  answer handle(connection_id /*from*/, const channel_list_request& request, actions& /*out*/) {
    channel_list list;
    list.channels = list_page(
        channels_, request.after,
        [](const channel& listed) {
          return channel_entry{listed.name, listed.members.size()};
        },
        [](const channel_entry& entry) { return entry.channel.size() + most_besides_name; },
        list.more);
    return answer{std::move(list)};
  }

  answer handle(connection_id /*from*/, const members_request& request, actions& /*out*/) {
    const auto found = find(request.channel);
    if (found == channels_.end()) return no_such_channel();
    member_list list;
    list.channel = found->second.name;
    list.users = list_page(
        found->second.by_nick, request.after,
        [this](connection_id id) { return users_.nick_of(id); },
        [](const std::string& name) { return name.size() + punctuation; }, list.more);
    return answer{std::move(list)};
  }

  answer handle(connection_id from, const say& request, actions& out) {
    const auto found = find(request.channel);
    if (found == channels_.end()) return no_such_channel();
    if (!is_in(from, found)) return not_in_channel();
    channel& here = found->second;
    const say_event event{here.name, users_.nick_of(from), request.text.value()};
    out.send(here.members.all_except(from), jalon::as_line(event));
    return answer::done();
  }

 private:
  // What an entry of a list takes besides its name, at most.
  static constexpr std::size_t punctuation = sizeof R"("",)" - 1;
  static constexpr std::size_t most_besides_name = sizeof R"({"channel":"","users":16777216},)" - 1;

  struct channel {
    std::string name;  // as it was created
    recipient_list members;
    std::map<std::string, connection_id> by_nick;  // folded: sorted, as `members` lists them
  };
  using table = std::map<std::string, channel>;  // by folded name, so sorted as lists are

  // The channel that a user has left.
  struct left_channel {
    std::string channel;
    bool destroyed = false;
  };

  // Moves a user into a channel that the user is not in, out of the one that the user is in.
  answer move_to(connection_id who, table::iterator to, actions& out) {
    const auto before = remove(who, out);
    channel& entered = to->second;
    const std::string& nick = users_.nick_of(who);
    out.send(entered.members.all(), jalon::as_line(joined{entered.name, nick, {}, {}}));
    entered.members.add(who);
    entered.by_nick[folded(nick)] = who;
    channel_of_[who] = to;
    joined message{entered.name, nick, {}, {}};
    if (before) message.left = before->channel;
    if (before && before->destroyed) message.destroyed = true;
    return answer{std::move(message)};
  }

  // Removes @p who from their channel, if they are in one, and tells the remaining members. A
  // channel without members is destroyed.
  std::optional<left_channel> remove(connection_id who, actions& out) {
    const auto where = channel_of_.find(who);
    if (where == channel_of_.end()) return std::nullopt;
    const auto found = where->second;
    channel_of_.erase(where);
    recipient_list& members = found->second.members;
    members.remove(who);
    found->second.by_nick.erase(folded(users_.nick_of(who)));
    left_channel gone{found->second.name, members.empty()};
    out.send(members.all(), jalon::as_line(left{gone.channel, users_.nick_of(who), {}}));
    if (gone.destroyed) channels_.erase(found);
    return gone;
  }

  void rename(connection_id who, const std::string& old) {
    const auto where = channel_of_.find(who);
    if (where == channel_of_.end()) return;
    channel& here = where->second->second;
    here.by_nick.erase(folded(old));
    here.by_nick[folded(users_.nick_of(who))] = who;
  }

  table::iterator find(const channel_name& name) { return channels_.find(folded(name.value())); }

  // How many are in this channel; none if it does not exist.
  std::size_t size_of(const channel_name& name) const {
    const auto found = channels_.find(folded(name.value()));
    return found == channels_.end() ? 0 : found->second.members.size();
  }

  // How many are in the channel that @p who is in.
  std::size_t size_of_channel(connection_id who) const {
    const auto where = channel_of_.find(who);
    return where == channel_of_.end() ? 0 : where->second->second.members.size();
  }

  bool is_in(connection_id who, table::iterator where) const {
    const auto found = channel_of_.find(who);
    return found != channel_of_.end() && found->second == where;
  }

  static answer no_such_channel() {
    return answer::refused("no_such_channel", "there is no such channel");
  }
  static answer not_in_channel() {
    return answer::refused("not_in_channel", "you are not in this channel");
  }

  users& users_;
  table channels_;
  // Of each member. An iterator of a map stays valid until its own entry is erased.
  std::unordered_map<connection_id, table::iterator> channel_of_;
};

}  // namespace chat
