// The offers of files: who offers what to whom, and the answer. The files themselves go from peer
// to peer; no byte of them comes by here.
// No socket, no clock and no JSON live here. Chapter: tutorial/04-files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "02-users/rules.hpp"
#include "messages.hpp"

namespace chat {

/// The unit of milestone 4.
class transfers {
 public:
  /// Makes names for transfers that nobody can guess.
  using name_source = std::function<std::string()>;

  /// How many offers of one user may wait for an answer.
  static constexpr std::size_t most_open_offers = 64;

  /// Registers its requests with @p chat, and asks @p people for nicks; both outlive it.
  transfers(router& chat, users& people, name_source new_name)
      : people_(people), new_name_(std::move(new_name)) {
    chat.add_feature("files");
    chat.on(access::named, *this, &transfers::offer_file);
    chat.on(access::named, *this, &transfers::accept);
    chat.on(access::named, *this, &transfers::reject);
    chat.on(access::named, *this, &transfers::cancel);
    people.on_leaving([this](connection_id gone, actions& out) { cancel_all_of(gone, out); });
  }
  transfers(const transfers&) = delete;
  transfers& operator=(const transfers&) = delete;

 private:
  // An offer that waits for its answer; after that the server has no part in it.
  struct offer {
    std::uint64_t number;  // counts all there ever were
    connection_id sender;
    connection_id receiver;
    file_size size;
  };
  using table = std::map<std::string, offer>;  // by the transfer's name

  answer offer_file(connection_id from, const file_offer& offered, actions& out) {
    const auto to = people_.find(offered.to);
    if (!to) return users::nobody();
    if (*to == from) return answer::refused("bad_transfer", "this file is yours already");
    if (open_offers_[from] == most_open_offers)
      return answer::refused("bad_transfer", "too many of your offers wait for an answer");
    const std::string name = new_name_();
    offers_[name] = {++offers_made_, from, *to, offered.size};
    ++open_offers_[from];
    out.send(*to, jalon::as_line(file_offer_event{people_.nick_of(from), name, offered.file,
                                                  offered.size, offered.sha256}));
    return answer{file_offered{name}};
  }

  answer accept(connection_id from, const file_accept& accepted, actions& out) {
    const auto found = find_for(from, accepted.transfer);
    if (found == offers_.end()) return no_such_transfer();
    const file_size offset = accepted.offset.value_or(file_size{});
    if (offset > found->second.size)
      return answer::refused("bad_transfer", "the offset is beyond the end of the file");
    const std::string address =
        accepted.address ? accepted.address->value() : people_.address_of(from);
    out.send(found->second.sender,
             jalon::as_line(file_accept_event{people_.nick_of(from), accepted.transfer, address,
                                              accepted.port, accepted.token, offset}));
    forget(found);
    return answer::done();
  }

  answer reject(connection_id from, const file_reject& rejected, actions& out) {
    const auto found = find_for(from, rejected.transfer);
    if (found == offers_.end()) return no_such_transfer();
    out.send(found->second.sender,
             jalon::as_line(file_reject_event{people_.nick_of(from), rejected.transfer}));
    forget(found);
    return answer::done();
  }

  answer cancel(connection_id from, const file_cancel& cancelled, actions& out) {
    const auto found = offers_.find(cancelled.transfer);
    if (found == offers_.end() || !concerns(from, found->second)) return no_such_transfer();
    tell_of_cancel(from, found, out);
    forget(found);
    return answer::done();
  }

  // In the order in which they were made, whatever their names are.
  void cancel_all_of(connection_id gone, actions& out) {
    std::map<std::uint64_t, table::iterator> concerned;
    for (auto one = offers_.begin(); one != offers_.end(); ++one) {
      if (concerns(gone, one->second)) concerned[one->second.number] = one;
    }
    for (const auto& [number, one] : concerned) {
      tell_of_cancel(gone, one, out);
      forget(one);
    }
    open_offers_.erase(gone);
  }

  void tell_of_cancel(connection_id by, table::iterator which, actions& out) {
    const offer& one = which->second;
    out.send(one.sender == by ? one.receiver : one.sender,
             jalon::as_line(file_cancel_event{which->first, people_.nick_of(by)}));
  }

  // Only the one who was asked may answer; to all others there is no such transfer.
  table::iterator find_for(connection_id receiver, const std::string& name) {
    const auto found = offers_.find(name);
    return found != offers_.end() && found->second.receiver == receiver ? found : offers_.end();
  }

  static bool concerns(connection_id who, const offer& one) {
    return one.sender == who || one.receiver == who;
  }

  void forget(table::iterator which) {
    --open_offers_[which->second.sender];
    offers_.erase(which);
  }

  static answer no_such_transfer() {
    return answer::refused("no_such_transfer", "there is no such transfer for you to answer");
  }

  users& people_;
  name_source new_name_;
  table offers_;
  std::uint64_t offers_made_ = 0;
  std::map<connection_id, std::size_t> open_offers_;  // by sender
};

}  // namespace chat
