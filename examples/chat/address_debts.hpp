// What clients owed when they left, by address, so that a client that reconnects gets no full
// bucket. Chapter: tutorial/02-users.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "address_limit.hpp"
#include "token_bucket.hpp"

namespace chat {

/// The emptiest bucket of those who have left an address, as long as it is not full again. It takes
/// memory only for as long.
class address_debts {
 public:
  using key = address_limit::key;
  using steady_time = token_bucket::steady_time;

  /// Remembers the bucket of a client that leaves @p address.
  void add(const key& address, const token_bucket& bucket, steady_time now) {
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
      full_at_.erase(by_time_.begin()->second);
      by_time_.erase(by_time_.begin());
    }
    if (bucket.full_at() <= now) return;
    steady_time& known = full_at_[address];
    if (bucket.full_at() <= known) return;
    by_time_.erase({known, address});
    known = bucket.full_at();
    by_time_.emplace(known, address);
  }

  /// How many addresses are remembered.
  std::size_t size() const noexcept { return full_at_.size(); }

  /// The bucket of a client that comes from @p address.
  token_bucket bucket_for(const key& address) const {
    const auto found = full_at_.find(address);
    return found == full_at_.end() ? token_bucket() : token_bucket::full_from(found->second);
  }

 private:
  std::map<key, steady_time> full_at_;
  std::set<std::pair<steady_time, key>> by_time_;  // the same, the next to be full first
};

}  // namespace chat
