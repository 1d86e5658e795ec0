// Bytes to be sent, which many write queues can share.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace jalon {

/// A part of a shared block of bytes: a message to a thousand recipients is in memory once. The
/// bytes of a payload never change; the block may grow behind them.
struct shared_payload {
  std::shared_ptr<const std::string> block = {};  ///< null only if `size` is 0
  std::size_t offset = 0;                         ///< its first byte in the block
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

/// Appends bytes to a string.
template <class A>
concept appender = std::invocable<A&, std::string&>;

/// Writes the payloads of one turn of a loop one after the other into one block. A write queue
/// joins payloads that are adjacent: a peer that is sent all of them gets them by one plain write,
/// however many messages they are. The block is reused in the next turn, unless a queue still holds
/// it.
class outbox {
 public:
  /// Has @p append write a payload. @return the payload
  shared_payload add(appender auto append) {
    if (must_begin()) begin();
    const std::size_t offset = block_->size();
    append(*block_);
    return {block_, offset, block_->size() - offset};
  }

  /// Has @p append make @p last longer, if that was the last payload added, and the block has room.
  /// @return whether it did
  bool try_extend(shared_payload& last, appender auto append) {
    if (must_begin() || last.block != block_ || last.offset + last.size != block_->size())
      return false;
    append(*block_);
    last.size = block_->size() - last.offset;
    return true;
  }

  /// Ends the turn: later payloads need not be adjacent to those that are there.
  void end_turn() noexcept { ended_ = true; }

 private:
  // A block that is larger than this is not extended: the queue of a slow consumer should not keep
  // much more memory than the bytes that are queued.
  static constexpr std::size_t full = std::size_t{256} << 10;

  bool must_begin() const noexcept { return !block_ || ended_ || block_->size() > full; }

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
