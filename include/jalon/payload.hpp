// Bytes that wait to be sent, and may wait in many queues at once.
// Nothing here knows what they mean, or who they are for.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace jalon {

/// A part of a block of bytes. The block is shared: a message to a thousand recipients is written
/// out once. What a payload shows is never changed; the block may grow behind it.
struct shared_payload {
  std::shared_ptr<const std::string> block = {};  ///< null only if `size` is 0
  std::size_t offset = 0;                         ///< where it begins in the block
  std::size_t size = 0;                           ///< bytes

  /// The bytes; valid until the block grows.
  std::string_view bytes() const noexcept {
    return size == 0 ? std::string_view() : std::string_view(block->data() + offset, size);
  }

  /// Whether @p next begins where this ends, in the same block: both are then one payload.
  bool touches(const shared_payload& next) const noexcept {
    return block == next.block && offset + size == next.offset;
  }

  /// Cuts @p count bytes off the front.
  void remove_prefix(std::size_t count) noexcept {
    offset += count;
    size -= count;
  }
};

/// Makes a payload of @p bytes, in a block of its own.
inline shared_payload make_payload(std::string bytes) {
  const std::size_t size = bytes.size();
  return {std::make_shared<const std::string>(std::move(bytes)), 0, size};
}

/// Lays what is sent in one turn of a loop end to end in one block. A queue joins payloads that
/// touch; so who is sent all of it holds one payload, and gets it by one plain write, however many
/// messages it is. The block is used again in the next turn, unless somebody holds it still.
class outbox {
 public:
  /// Copies @p bytes behind what is there. @return the copy
  shared_payload add(std::string_view bytes) {
    if (is_to_begin()) begin();
    const std::size_t offset = block_->size();
    block_->append(bytes);
    return {block_, offset, bytes.size()};
  }

  /// Copies @p bytes behind @p last, and makes it longer by them, if it was added last and there is
  /// room in its block. @return whether it did
  bool try_extend(shared_payload& last, std::string_view bytes) {
    if (is_to_begin() || last.block != block_ || last.offset + last.size != block_->size())
      return false;
    block_->append(bytes);
    last.size += bytes.size();
    return true;
  }

  /// The turn is over: what is added next need not touch what is there.
  void end_turn() noexcept { ended_ = true; }

 private:
  // Beyond this a block is not added to: who is slow should not hold much more than waits for it.
  static constexpr std::size_t full = std::size_t{256} << 10;

  bool is_to_begin() const noexcept { return !block_ || ended_ || block_->size() > full; }

  void begin() {
    ended_ = false;
    if (block_.use_count() == 1 && block_->capacity() <= 2 * full)
      block_->clear();
    else
      block_ = std::make_shared<std::string>();
  }

  std::shared_ptr<std::string> block_;
  bool ended_ = false;
};

}  // namespace jalon
