// What waits to be sent on one connection.
// Nothing here decides when to write, and no payload is changed.
//
//       front_                  rest_
//     +-----------+   +---------+----------+---------+
//     |  to send  |   | payload | payload  | payload |   each shared with other queues
//     +-----------+   +---------+----------+---------+
#pragma once

#include <limits.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "payload.hpp"
#include "socket.hpp"

namespace jalon {

/// How much may wait in a queue, in bytes.
struct queue_limits {
  std::size_t low_water = std::size_t{64} << 10;  ///< drained to here, it is low again
  std::size_t high_water = std::size_t{1} << 20;  ///< beyond this it is high
  std::size_t hard_limit = std::size_t{8} << 20;  ///< beyond this nothing is taken
};

/// A crossing of a queue's marks.
enum class water {
  high,  ///< it grew beyond `high_water`: whoever makes the bytes should pause
  low,   ///< after that, it fell to `low_water` or below: go on
};

/// Payloads in the order in which they were put in, sent by as few system calls as there can be.
class write_queue {
 public:
  /// @param limits how much may wait
  explicit write_queue(const queue_limits& limits = {}) noexcept : limits_(limits) {}

  /// Has @p callback told of each crossing of the marks, once a crossing; it may not destroy
  /// the queue.
  void on_crossing(std::function<void(water)> callback) {
    on_crossing_ = std::make_unique<std::function<void(water)>>(std::move(callback));
  }

  /// Puts @p bytes at the end. @return false, with nothing changed, if that would pass the hard
  /// limit: the peer does not read, and the one who owns the queue should part from it
  [[nodiscard]] bool push(const shared_payload& bytes) {
    if (bytes.size == 0) return true;
    if (bytes.size > limits_.hard_limit - bytes_) return false;
    add(bytes);
    bytes_ += bytes.size;
    if (!high_ && bytes_ > limits_.high_water) cross(water::high);
    return true;
  }

  /// Writes until the socket takes no more or nothing waits, gathering up to `IOV_MAX` payloads a
  /// call (sendmsg(2)). @return all bytes written; `ok` when nothing waits any more
  io_result write_to(stream_socket& socket) {
    io_result total;
    while (!empty()) {
      const auto [asked, result] = write_once(socket);
      total.bytes += result.bytes;
      total.status = result.status;
      total.error = result.error;
      if (result.status != io_status::ok) break;
      drop(result.bytes);
      // A short write means a full socket; to ask again would cost a call that says just that.
      if (result.bytes < asked) {
        total.status = io_status::would_block;
        break;
      }
    }
    if (high_ && bytes_ <= limits_.low_water) cross(water::low);
    return total;
  }

  /// Says that what waits now will wait for longer. A payload that is the smaller part of its
  /// block gets a block of its own: so what a slow peer keeps alive is less than twice what it is
  /// counted for, and what many slow peers wait for is still shared by them.
  void settle() {
    for (; settled_ < count(); ++settled_) {
      shared_payload& one = at(settled_);
      if (one.size * 2 < one.block->size()) one = make_payload(std::string(one.bytes()));
    }
  }

  /// Drops all but a payload that is partly sent: what comes next begins at a frame's start.
  void drop_unstarted() {
    rest_ = {};
    first_ = 0;
    if (!begun_) front_ = {};
    bytes_ = front_.size;
    settled_ = std::min(settled_, count());
  }

  /// How many bytes wait.
  std::size_t bytes() const noexcept { return bytes_; }

  /// Whether nothing waits.
  bool empty() const noexcept { return bytes_ == 0; }

  /// Whether it is between a crossing of high water and the next of low water.
  bool high() const noexcept { return high_; }

 private:
  struct attempt {
    std::size_t asked;
    io_result result;
  };

  // How many payloads wait.
  std::size_t count() const noexcept { return empty() ? 0 : 1 + rest_.size() - first_; }

  shared_payload& at(std::size_t place) { return place == 0 ? front_ : rest_[first_ + place - 1]; }

  void add(const shared_payload& bytes) {
    if (empty()) {
      front_ = bytes;
      return;
    }
    shared_payload& last = rest_.empty() ? front_ : rest_.back();
    if (!last.touches(bytes)) return rest_.push_back(bytes);
    last.size += bytes.size;
    if (settled_ > 0) settled_ = std::min(settled_, count() - 1);
  }

  attempt write_once(stream_socket& socket) {
    if (count() == 1) return {front_.size, socket.write_some(front_.bytes())};
    // One stack frame serves the largest gather.
    std::array<iovec, IOV_MAX> pieces;
    const std::size_t gathered = std::min(pieces.size(), count());
    std::size_t asked = 0;
    for (std::size_t i = 0; i < gathered; ++i) {
      const std::string_view bytes = at(i).bytes();
      pieces[i] = {const_cast<char*>(bytes.data()), bytes.size()};  // read only, says sendmsg(2)
      asked += bytes.size();
    }
    return {asked, socket.write_some(std::span<const iovec>(pieces.data(), gathered))};
  }

  void drop(std::size_t sent) {
    bytes_ -= sent;
    begun_ = begun_ || sent > 0;
    while (front_.size > 0 && sent >= front_.size) {
      sent -= front_.size;
      begun_ = sent > 0;
      take_next();
    }
    front_.remove_prefix(sent);
  }

  void take_next() {
    front_ = first_ < rest_.size() ? std::move(rest_[first_++]) : shared_payload();
    if (settled_ > 0) --settled_;
    if (first_ * 2 < rest_.size()) return;
    // The vector is a queue: its front moves on, and is cut off once half of it is behind.
    if (first_ == rest_.size())
      rest_ = {};
    else
      rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  void cross(water mark) {
    high_ = mark == water::high;
    if (on_crossing_) (*on_crossing_)(mark);
  }

  // What each `push` looks at stands side by side: a message to many goes through as many queues.
  shared_payload front_;              // nearly always the only one: no vector then
  std::vector<shared_payload> rest_;  // from `first_` on
  std::size_t first_ = 0;
  std::size_t settled_ = 0;  // payloads from the front on that `settle` has seen
  std::size_t bytes_ = 0;    // all that waits
  bool begun_ = false;       // some of `front_` is sent
  bool high_ = false;
  queue_limits limits_;
  std::unique_ptr<std::function<void(water)>> on_crossing_;  // few ask, and idle queues are many
};

}  // namespace jalon
