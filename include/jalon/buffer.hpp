// An input buffer: bytes that were received and are not consumed yet.
// Reading the socket and finding the frames is left to others (socket.hpp, frame.hpp).
//
//     +------------+----------------------+----------------+
//     |  consumed  |       readable       |     free       |
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

/// A contiguous queue of bytes. An empty buffer can free its memory, so that a thousand silent
/// connections need none. For one thread.
class buffer {
 public:
  /// The bytes that are not consumed yet; valid until the next `prepare`, `append` or `release`.
  std::string_view readable() const noexcept { return {data_.get() + begin_, size()}; }

  /// The number of readable bytes.
  std::size_t size() const noexcept { return end_ - begin_; }

  /// Whether there are no readable bytes.
  bool empty() const noexcept { return begin_ == end_; }

  /// The memory that it takes, in bytes.
  std::size_t capacity() const noexcept { return capacity_; }

  /// Removes @p bytes from the front. They stay in memory until the next `prepare`, `append` or
  /// `release`, so a view of them stays valid until then. @pre @p bytes is at most `size()`
  void consume(std::size_t bytes) noexcept { begin_ += bytes; }

  /// Makes room for @p bytes after the readable ones. @return the room, to be filled from its start
  /// @throws std::bad_alloc if there is no memory
  std::span<char> prepare(std::size_t bytes) {
    if (empty()) begin_ = end_ = 0;
    if (capacity_ - end_ < bytes) make_room(bytes);
    return {data_.get() + end_, bytes};
  }

  /// Makes the first @p bytes of the prepared room readable.
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  /// Appends a copy of @p bytes. @throws std::bad_alloc if there is no memory
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
  }

  /// Discards the contents and frees the memory.
  void release() noexcept { *this = buffer(); }

  buffer() = default;
  /// Moves the contents; @p other is empty afterwards.
  buffer(buffer&& other) noexcept { swap(other); }
  /// Moves the contents; @p other is empty afterwards.
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

  // Moves the readable bytes to the front, or to a larger block if this one is too small.
  void make_room(std::size_t bytes) {
    const std::size_t readable_bytes = size();
    if (readable_bytes + bytes > capacity_) {
      const std::size_t grown = std::max(readable_bytes + bytes, 2 * readable_bytes);
      std::unique_ptr<char[]> larger(
          new char[grown]);  // not zeroed: each byte is written before it is read
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
