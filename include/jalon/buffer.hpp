// Bytes that were read and not yet taken.
// Nothing here reads a socket, and nothing knows where a message ends.
//
//     +------------+----------------------+----------------+
//     |   taken    |       readable       |     free       |
//     +------------+----------------------+----------------+
//     0         begin_                  end_          capacity_
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace jalon {

/// A queue of bytes in one piece. Empty, it can give its memory back, so that a thousand silent
/// connections hold none.
class buffer {
 public:
  /// The bytes to be taken; valid until the next `prepare` or `release`.
  std::string_view readable() const noexcept { return {data_.get() + begin_, size()}; }

  /// How many bytes there are to be taken.
  std::size_t size() const noexcept { return end_ - begin_; }

  /// Whether there are none.
  bool empty() const noexcept { return begin_ == end_; }

  /// Takes @p bytes off the front, at most `size()`. They stay in place until `prepare`, so a
  /// view of them lives on for that long.
  void consume(std::size_t bytes) noexcept { begin_ += bytes; }

  /// Makes room for @p bytes behind what is there. @return the room, to be filled from its start
  std::span<char> prepare(std::size_t bytes) {
    if (empty()) begin_ = end_ = 0;
    if (capacity_ - end_ < bytes) make_room(bytes);
    return {data_.get() + end_, bytes};
  }

  /// Counts @p bytes of the prepared room as readable.
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  /// Copies @p bytes to the end.
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
  }

  /// Drops what is there and gives the memory back.
  void release() noexcept { *this = buffer(); }

  buffer() = default;
  /// The one moved from is empty.
  buffer(buffer&& other) noexcept { swap(other); }
  /// The one moved from is empty.
  buffer& operator=(buffer&& other) noexcept {
    buffer taken(std::move(other));
    swap(taken);
    return *this;
  }

 private:
  void swap(buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

  // Moves the readable bytes to the front, of a larger block where this one is too small.
  void make_room(std::size_t bytes) {
    const std::size_t readable_bytes = size();
    if (readable_bytes + bytes > capacity_) {
      const std::size_t grown = std::max(readable_bytes + bytes, 2 * readable_bytes);
      std::unique_ptr<char[]> larger(new char[grown]);  // not zeroed: it is written before read
      std::copy_n(data_.get() + begin_, readable_bytes, larger.get());
      data_ = std::move(larger);
      capacity_ = grown;
    } else {
      std::memmove(data_.get(), data_.get() + begin_, readable_bytes);
    }
    begin_ = 0;
    end_ = readable_bytes;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace jalon
