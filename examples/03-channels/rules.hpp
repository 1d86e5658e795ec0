// The channels: who is in which, and what is said there.
// No socket, no clock and no JSON live here; who the members are, the users know. Chapter:
// tutorial/03-channels.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "02-users/rules.hpp"
#include "chat/paging.hpp"
#include "messages.hpp"

namespace chat {

/// The unit of milestone 3. A user is in one channel at a time.
class channels {
 public:
  /// Registers its requests with @p chat, and asks @p people for nicks; both outlive it.
  channels(router& chat, users& people) : people_(people) {
    chat.add_feature("channels");
    chat.on(access::named, *this, &channels::make);
    chat.on(access::named, *this, &channels::enter);
    chat.on(access::named, *this, &channels::go_out);
    chat.on(access::named, *this, &channels::list);
    chat.on(access::named, *this, &channels::list_members);
    chat.on(access::named, *this, &channels::pass_on);
    people.on_leaving([this](connection_id gone, actions& out) { part(gone, out); });
  }
  channels(const channels&) = delete;
  channels& operator=(const channels&) = delete;

 private:
  struct channel {
    std::string name;  // as it was created
    std::vector<connection_id> members;
  };
  using table = std::map<std::string, channel>;  // by folded name: sorted as lists are

  // What somebody has left.
  struct parting {
    std::string channel;
    bool destroyed = false;
  };

  answer make(connection_id from, const create& wanted, actions& out) {
    const auto [made, is_new] = channels_.try_emplace(folded(wanted.channel.value()));
    if (!is_new) return answer::refused("channel_exists", "this channel exists already");
    made->second.name = wanted.channel.value();
    return move_to(from, made, out);
  }

  answer enter(connection_id from, const join& wanted, actions& out) {
    const auto found = find(wanted.channel);
    if (found == channels_.end()) return no_such_channel();
    if (is_in(from, found))
      return answer{joined{found->second.name, people_.nick_of(from), {}, {}}};
    return move_to(from, found, out);
  }

  // Who enters a channel leaves the one he is in, which is another.
  answer move_to(connection_id who, table::iterator to, actions& out) {
    const auto before = part(who, out);
    channel& entered = to->second;
    const std::string& nick = people_.nick_of(who);
    out.send(entered.members, jalon::as_line(joined{entered.name, nick, {}, {}}));
    entered.members.push_back(who);
    channel_of_[who] = to;
    joined told{entered.name, nick, {}, {}};
    if (before) told.left = before->channel;
    if (before && before->destroyed) told.destroyed = true;
    return answer{std::move(told)};
  }

  answer go_out(connection_id from, const leave& wanted, actions& out) {
    const auto found = find(wanted.channel);
    if (found == channels_.end()) return no_such_channel();
    if (!is_in(from, found)) return not_in_channel();
    const auto gone = *part(from, out);
    left told{gone.channel, people_.nick_of(from), {}};
    if (gone.destroyed) told.destroyed = true;
    return answer{std::move(told)};
  }

  // Takes @p who out of the channel, if any, and tells those who stay; the last one takes the
  // channel along.
  std::optional<parting> part(connection_id who, actions& out) {
    const auto where = channel_of_.find(who);
    if (where == channel_of_.end()) return std::nullopt;
    const auto found = where->second;
    channel_of_.erase(where);
    std::vector<connection_id>& members = found->second.members;
    std::erase(members, who);
    parting gone{found->second.name, members.empty()};
    out.send(members, jalon::as_line(left{gone.channel, people_.nick_of(who), {}}));
    if (gone.destroyed) channels_.erase(found);
    return gone;
  }

  answer list(connection_id /*from*/, const channel_list_request& asked, actions& /*out*/) {
    constexpr std::size_t most_besides_name = sizeof R"({"channel":"","users":16777216},)" - 1;
    channel_list told;
    told.channels = list_page(
        channels_, asked.after,
        [](const channel& one) {
          return channel_entry{one.name, one.members.size()};
        },
        [](const channel_entry& one) { return one.channel.size() + most_besides_name; }, told.more);
    return answer{std::move(told)};
  }

  answer list_members(connection_id /*from*/, const members_request& asked, actions& /*out*/) {
    constexpr std::size_t punctuation = sizeof R"("",)" - 1;
    const auto found = find(asked.channel);
    if (found == channels_.end()) return no_such_channel();
    std::map<std::string, std::string> sorted;
    for (const connection_id one : found->second.members)
      sorted[folded(people_.nick_of(one))] = people_.nick_of(one);
    member_list told;
    told.channel = found->second.name;
    told.users = list_page(
        sorted, asked.after, [](const std::string& name) { return name; },
        [](const std::string& name) { return name.size() + punctuation; }, told.more);
    return answer{std::move(told)};
  }

  answer pass_on(connection_id from, const say& said, actions& out) {
    const auto found = find(said.channel);
    if (found == channels_.end()) return no_such_channel();
    if (!is_in(from, found)) return not_in_channel();
    const channel& here = found->second;
    const say_event told{here.name, people_.nick_of(from), said.text.value()};
    out.send_to_others(from, here.members, jalon::as_line(told));
    return answer::done();
  }

  table::iterator find(const channel_name& name) { return channels_.find(folded(name.value())); }

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

  users& people_;
  table channels_;
  // Of each member. A map's iterator is good until its entry goes, whatever comes and goes besides.
  std::unordered_map<connection_id, table::iterator> channel_of_;
};

}  // namespace chat
