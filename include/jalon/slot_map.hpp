// A slot map: objects by ids that are never reused.
//
//     63                             24 23          0
//     +--------------------------------+-------------+
//     | generation: counts all objects | slot        |
//     +--------------------------------+-------------+
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace jalon {

/// Owns objects and finds them by their ids: one index and one comparison, however many there are.
/// Slots are reused, ids are not: an id that is kept too long finds nothing, never another object.
/// Holds at most 2^24 objects at a time, and 2^40 in its life.
template <class Object>
class slot_map {
 public:
  using id = std::uint64_t;  ///< never 0

  /// Reserves an id; `find` returns null for it until `put`.
  /// @throws std::length_error if the map is full
  id reserve() {
    if (free_.empty()) grow();
    const std::size_t slot = free_.back();
    free_.pop_back();
    entries_[slot].owner = ++generation_ << slot_bits | slot;
    return entries_[slot].owner;
  }

  /// Stores @p object under @p at, which was reserved. @return the object
  Object& put(id at, std::unique_ptr<Object> object) {
    entry& slot = entries_[slot_of(at)];
    slot.object = std::move(object);
    ++size_;
    return *slot.object;
  }

  /// The object with this id, or null.
  Object* find(id wanted) noexcept {
    const std::size_t slot = slot_of(wanted);
    if (slot >= entries_.size() || entries_[slot].owner != wanted) return nullptr;
    return entries_[slot].object.get();
  }

  /// Removes what is stored or reserved under @p gone. @return the object; null if there is none
  std::unique_ptr<Object> take(id gone) {
    const std::size_t slot = slot_of(gone);
    if (gone == 0) return nullptr;  // the owner of every free slot
    if (slot >= entries_.size() || entries_[slot].owner != gone) return nullptr;
    entries_[slot].owner = 0;
    free_.push_back(slot);
    if (entries_[slot].object != nullptr) --size_;
    return std::move(entries_[slot].object);
  }

  /// The ids of all objects.
  std::vector<id> ids() const {
    std::vector<id> all;
    for (const entry& slot : entries_) {
      if (slot.object != nullptr) all.push_back(slot.owner);
    }
    return all;
  }

  /// The number of objects.
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr unsigned slot_bits = 24;
  static constexpr std::size_t max_size = std::size_t{1} << slot_bits;

  struct entry {
    id owner = 0;
    std::unique_ptr<Object> object;
  };

  static std::size_t slot_of(id wanted) noexcept { return wanted & (max_size - 1); }

  void grow() {
    if (entries_.size() == max_size) throw std::length_error("slot_map: full");
    free_.push_back(entries_.size());
    entries_.emplace_back();
  }

  std::vector<entry> entries_;
  std::vector<std::size_t> free_;
  std::uint64_t generation_ = 0;
  std::size_t size_ = 0;
};

}  // namespace jalon
