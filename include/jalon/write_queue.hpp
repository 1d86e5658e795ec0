// The bytes that are queued for one connection.
//
//       front_                  rest_
//     +-----------+   +---------+----------+---------+
//     | next to   |   | payload | payload  | payload |   other queues may share each of them
//     | be sent   |   |         |          |         |
//     +-----------+   +---------+----------+---------+
#pragma once

#include <limits.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "payload.hpp"
#include "socket.hpp"

namespace jalon {

/// How much a queue may hold, in bytes.
struct queue_limits {
  std::size_t low_water = std::size_t{64} << 10;  ///< at or below this it is no longer high
  std::size_t high_water = std::size_t{1} << 20;  ///< above this it is high
  std::size_t hard_limit = std::size_t{8} << 20;  ///< it never holds more than this
};

/// A first-in, first-out queue of payloads, written with as few system calls as possible.
class write_queue {
 public:
  /// An empty queue.
  explicit write_queue(const queue_limits& limits = {}) noexcept : limits_(limits) {}

  /// Appends @p bytes. @return false, with nothing changed, if the queue would pass its hard limit:
  /// the peer is a slow consumer, and the owner should disconnect it
  [[nodiscard]] bool push(const shared_payload& bytes) {
    if (bytes.size == 0) return true;
    if (bytes.size > limits_.hard_limit - bytes_) return false;
    append(bytes);
    bytes_ += bytes.size;
    high_ = high_ || bytes_ > limits_.high_water;
    return true;
  }

  /// Writes until the queue is empty or the socket is full, up to `IOV_MAX` payloads a system call
  /// (gathered write, sendmsg(2)).
  /// @return the number of bytes written; `ok` if the queue is empty, `would_block` if not
  io_result write_to(stream_socket& socket) {
    io_result total;
    while (!empty()) {
      const auto [asked, result] = write_once(socket);
      total.bytes += result.bytes;
      total.status = result.status;
      total.error = result.error;
      if (result.status != io_status::ok) break;
      remove(result.bytes);
      // After a short write the socket is full: another call would only report that.
      if (result.bytes < asked) {
        total.status = io_status::would_block;
        break;
      }
    }
    blocked_ = total.status == io_status::would_block;
    high_ = high_ && bytes_ > limits_.low_water;
    return total;
  }

  /// Call when the socket is full: copies small payloads out of large shared blocks. So a slow
  /// consumer keeps less memory alive than twice the bytes that are queued for it. Payloads that
  /// are most of their block stay shared.
  void release_shared_blocks() {
    for (; unshared_ < count(); ++unshared_) {
      shared_payload& payload = at(unshared_);
      if (payload.size * 2 < payload.block->size())
        payload = make_payload(std::string(payload.bytes()));
    }
  }

  /// Drops all payloads but one that is partly sent: what comes next begins at a frame's start.
  void drop_unstarted() {
    rest_ = {};
    sent_payloads_ = 0;
    if (!front_begun_) front_ = {};
    bytes_ = front_.size;
    unshared_ = std::min(unshared_, count());
  }

  /// The number of queued bytes.
  std::size_t bytes() const noexcept { return bytes_; }

  /// An estimate of the memory that it takes, in bytes: those that are queued, and what each
  /// payload takes besides. A block that other queues share counts in each of them.
  std::size_t memory() const noexcept { return bytes_ + count() * payload_memory; }

  /// Whether nothing is queued.
  bool empty() const noexcept { return bytes_ == 0; }

  /// Whether it has passed the high-water mark, and not fallen to the low-water mark since.
  bool high() const noexcept { return high_; }

  /// Whether the last write left bytes behind: the socket is full, until it is ready for writing.
  bool blocked() const noexcept { return blocked_; }

 private:
  // What a payload takes besides its bytes, about: its place in `rest_`, which may be half full,
  // and a block of its own with its counters, a string, and what the allocator adds.
  static constexpr std::size_t payload_memory =
      2 * sizeof(shared_payload) + sizeof(std::string) + 4 * sizeof(void*);

  struct attempt {
    std::size_t asked;
    io_result result;
  };

  // The number of payloads.
  std::size_t count() const noexcept { return empty() ? 0 : 1 + rest_.size() - sent_payloads_; }

  shared_payload& at(std::size_t place) {
    return place == 0 ? front_ : rest_[sent_payloads_ + place - 1];
  }

  void append(const shared_payload& bytes) {
    if (empty()) {
      front_ = bytes;
      return;
    }
    shared_payload& last = rest_.empty() ? front_ : rest_.back();
    if (!last.touches(bytes)) return rest_.push_back(bytes);
    last.size += bytes.size;
    if (unshared_ > 0) unshared_ = std::min(unshared_, count() - 1);
  }

  attempt write_once(stream_socket& socket) {
    if (count() == 1) return {front_.size, socket.write_some(front_.bytes())};
    std::array<iovec, IOV_MAX> pieces;
    const std::size_t gathered = std::min(pieces.size(), count());
    std::size_t asked = 0;
    for (std::size_t i = 0; i < gathered; ++i) {
      const std::string_view bytes = at(i).bytes();
      pieces[i] = {const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg(2) only reads
      asked += bytes.size();
    }
    return {asked, socket.write_some(std::span<const iovec>(pieces.data(), gathered))};
  }

  void remove(std::size_t sent) {
    bytes_ -= sent;
    front_begun_ = front_begun_ || sent > 0;
    while (front_.size > 0 && sent >= front_.size) {
      sent -= front_.size;
      front_begun_ = sent > 0;
      take_next();
    }
    front_.remove_prefix(sent);
  }

  void take_next() {
    front_ = sent_payloads_ < rest_.size() ? std::move(rest_[sent_payloads_++]) : shared_payload();
    if (unshared_ > 0) --unshared_;
    if (sent_payloads_ * 2 < rest_.size()) return;
    // The payloads before `sent_payloads_` are sent. They are erased once they are half of the
    // vector, so that each payload is moved once on average.
    if (sent_payloads_ == rest_.size())
      rest_ = {};
    else
      rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(sent_payloads_));
    sent_payloads_ = 0;
  }

  // The members that `push` uses are side by side: a message to many goes through as many queues.
  shared_payload front_;              // nearly always the only payload: no vector then
  std::vector<shared_payload> rest_;  // from index `sent_payloads_` on
  std::size_t sent_payloads_ = 0;
  std::size_t unshared_ = 0;  // payloads from the front on that `release_shared_blocks` has seen
  std::size_t bytes_ = 0;     // queued, in all
  bool front_begun_ = false;  // a part of `front_` is sent
  bool high_ = false;
  bool blocked_ = false;
  queue_limits limits_;
};

}  // namespace jalon
