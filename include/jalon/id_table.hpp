// Things by numbers that are never used again.
//
//     63                            24 23          0
//     +-------------------------------+-------------+
//     | serial: counts all there ever | slot        |
//     +-------------------------------+-------------+
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace jalon {

/// Owns things and finds them by their ids: an index and a comparison, however many there are.
/// Slots are used again, ids are not; so who keeps an id too long finds nothing, never a stranger.
/// Holds at most 2^24 things at a time, and 2^40 in its life.
template <class Thing>
class id_table {
 public:
  using id = std::uint64_t;  ///< never 0

  /// Sets an id aside; `find` gives nothing for it until `put`.
  /// @throws std::length_error when the table is full
  id reserve() {
    if (free_.empty()) grow();
    const std::size_t slot = free_.back();
    free_.pop_back();
    entries_[slot].owner_id = ++serial_ << slot_bits | slot;
    return entries_[slot].owner_id;
  }

  /// Stores @p thing under @p at, which was reserved. @return the thing
  Thing& put(id at, std::unique_ptr<Thing> thing) {
    entry& slot = entries_[slot_of(at)];
    slot.thing = std::move(thing);
    ++size_;
    return *slot.thing;
  }

  /// The thing of this id, or null.
  Thing* find(id wanted) noexcept {
    const std::size_t slot = slot_of(wanted);
    if (slot >= entries_.size() || entries_[slot].owner_id != wanted) return nullptr;
    return entries_[slot].thing.get();
  }

  /// Gives up what is stored or reserved under @p gone. @return the thing; null if there is none
  std::unique_ptr<Thing> take(id gone) {
    const std::size_t slot = slot_of(gone);
    if (gone == 0) return nullptr;  // the mark of a free slot: it owns nothing
    if (slot >= entries_.size() || entries_[slot].owner_id != gone) return nullptr;
    entries_[slot].owner_id = 0;
    free_.push_back(slot);
    if (entries_[slot].thing != nullptr) --size_;
    return std::move(entries_[slot].thing);
  }

  /// All ids that hold a thing now.
  std::vector<id> ids() const {
    std::vector<id> all;
    for (const entry& one : entries_) {
      if (one.thing != nullptr) all.push_back(one.owner_id);
    }
    return all;
  }

  /// How many things there are.
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr unsigned slot_bits = 24;
  static constexpr std::size_t max_size = std::size_t{1} << slot_bits;

  struct entry {
    id owner_id = 0;
    std::unique_ptr<Thing> thing;
  };

  static std::size_t slot_of(id wanted) noexcept { return wanted & (max_size - 1); }

  void grow() {
    if (entries_.size() == max_size) throw std::length_error("id_table: full");
    free_.push_back(entries_.size());
    entries_.emplace_back();
  }

  std::vector<entry> entries_;
  std::vector<std::size_t> free_;
  std::uint64_t serial_ = 0;
  std::size_t size_ = 0;
};

}  // namespace jalon
