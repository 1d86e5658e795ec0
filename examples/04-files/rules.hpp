// The offers of files: who offers which file to whom, and the answer. The files themselves go from
// peer to peer and never pass through the server. No socket, no clock and no JSON live here.
// Chapter: tutorial/04-files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <jalon/endpoint.hpp>

#include "02-users/rules.hpp"
#include "chat/router.hpp"
#include "messages.hpp"

namespace chat {

/// The server's side of file transfers, a unit of the router. Handles `file_offer`, `file_accept`,
/// `file_reject` and `file_cancel`.
class transfers {
 public:
  /// Makes names for transfers that nobody can guess.
  using name_source = std::function<std::string()>;

  /// How many offers of one user may wait for an answer.
  static constexpr std::size_t most_open_offers = 64;
  /// How many offers to one user may wait for an answer.
  static constexpr std::size_t most_offers_to_one = 256;

  /// Registers its requests, and asks the users for nicks; both outlive it.
  transfers(router& requests, users& users_of_chat, name_source new_name)
      : users_(users_of_chat), new_name_(std::move(new_name)) {
    requests.add_feature("files");
    requests.route<file_offer, file_accept, file_reject, file_cancel>(access::named, *this);
    users_of_chat.on_leaving(
        [this](connection_id gone, actions& out) { cancel_all_of(gone, out); });
  }
  transfers(const transfers&) = delete;
  transfers& operator=(const transfers&) = delete;

  // What the router calls.

  answer handle(connection_id from, const file_offer& request, actions& out) {
    const auto to = users_.find(request.to, out);
    if (!to) return users::no_such_nick();
    if (*to == from) return answer::refused("bad_transfer", "this file is yours already");
    if (offers_of_[from].sent == most_open_offers)
      return answer::refused("bad_transfer", "too many of your offers wait for an answer");
    if (offers_of_[*to].received() == most_offers_to_one)
      return answer::refused("bad_transfer", "too many offers wait for an answer of this user");
    const std::string name = add({++offers_made_, from, *to, request.size});
    out.send(*to, jalon::as_line(file_offer_event{users_.nick_of(from), name, request.file,
                                                  request.size, request.sha256}));
    return answer{file_offered{name}};
  }

  answer handle(connection_id from, const file_accept& request, actions& out) {
    const auto found = find_for(from, request.transfer);
    if (found == offers_.end()) return no_such_transfer();
    const file_size offset = request.offset.value_or(file_size{});
    if (offset > found->second.size)
      return answer::refused("bad_transfer", "the offset is beyond the end of the file");
    const std::string address = request.address
                                    ? jalon::endpoint::ip(request.address->value(), 0)->address()
                                    : users_.address_of(from);
    out.send(found->second.sender,
             jalon::as_line(file_accept_event{users_.nick_of(from), request.transfer, address,
                                              request.port, request.token, offset}));
    forget(found);
    return answer::done();
  }

  answer handle(connection_id from, const file_reject& request, actions& out) {
    const auto found = find_for(from, request.transfer);
    if (found == offers_.end()) return no_such_transfer();
    out.send(found->second.sender,
             jalon::as_line(file_reject_event{users_.nick_of(from), request.transfer}));
    forget(found);
    return answer::done();
  }

  answer handle(connection_id from, const file_cancel& request, actions& out) {
    const auto found = offers_.find(request.transfer);
    if (found == offers_.end() || !concerns(from, found->second)) return no_such_transfer();
    send_cancel(from, found, out);
    forget(found);
    return answer::done();
  }

 private:
  // An offer that waits for its answer. Once it is answered, the server has no part in it.
  struct offer {
    std::uint64_t number;  // counts all offers that were ever made
    connection_id sender;
    connection_id receiver;
    file_size size;
  };
  using table = std::map<std::string, offer>;  // by the transfer's name

  // The offers by one user and to them, so that nobody else's are looked at when they leave.
  struct user_offers {
    std::map<std::uint64_t, table::iterator> all;  // by number, so in the order of their making
    std::size_t sent = 0;
    std::size_t received() const { return all.size() - sent; }
  };

  // In the order in which the offers were made, whatever their names are.
  void cancel_all_of(connection_id gone, actions& out) {
    const auto concerned = offers_of_[gone].all;
    for (const auto& [number, entry] : concerned) {
      send_cancel(gone, entry, out);
      forget(entry);
    }
    offers_of_.erase(gone);
  }

  // @return the transfer's name
  std::string add(const offer& made) {
    const auto added = offers_.insert_or_assign(new_name_(), made).first;
    offers_of_[made.sender].all[made.number] = added;
    ++offers_of_[made.sender].sent;
    offers_of_[made.receiver].all[made.number] = added;
    return added->first;
  }

  // Tells the other side that @p by has cancelled the offer.
  void send_cancel(connection_id by, table::iterator which, actions& out) {
    const auto& [name, cancelled] = *which;
    out.send(cancelled.sender == by ? cancelled.receiver : cancelled.sender,
             jalon::as_line(file_cancel_event{name, users_.nick_of(by)}));
  }

  // Only the receiver of an offer may answer it; for everybody else there is no such transfer.
  table::iterator find_for(connection_id receiver, const std::string& name) {
    const auto found = offers_.find(name);
    return found != offers_.end() && found->second.receiver == receiver ? found : offers_.end();
  }

  static bool concerns(connection_id who, const offer& made) {
    return made.sender == who || made.receiver == who;
  }

  void forget(table::iterator which) {
    const offer& gone = which->second;
    --offers_of_[gone.sender].sent;
    offers_of_[gone.sender].all.erase(gone.number);
    offers_of_[gone.receiver].all.erase(gone.number);
    offers_.erase(which);
  }

  static answer no_such_transfer() {
    return answer::refused("no_such_transfer", "there is no such transfer for you to answer");
  }

  users& users_;
  name_source new_name_;
  table offers_;
  std::uint64_t offers_made_ = 0;
  std::unordered_map<connection_id, user_offers> offers_of_;
};

}  // namespace chat
