// What waits to be sent on one connection.
// Nothing here decides when to write, and no payload is changed or copied.
//
//       front                                         back
//     +--------+-----------+---------+----------+---------+
//     | sent   | to send   | payload | payload  | payload |   each shared with other queues
//     +--------+-----------+---------+----------+---------+
//              ^ offset_
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

#include "socket.hpp"

namespace jalon {

/// Bytes to send, never changed again, so that many queues can share them: a message to a
/// thousand recipients is written out once.
using shared_payload = std::shared_ptr<const std::string>;

/// Makes a payload of @p bytes.
inline shared_payload make_payload(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

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
  void on_crossing(std::function<void(water)> callback) { on_crossing_ = std::move(callback); }

  /// Puts @p bytes at the end. @return false, with nothing changed, if that would pass the hard
  /// limit: the peer does not read, and the one who owns the queue should part from it
  [[nodiscard]] bool push(shared_payload bytes) {
    if (bytes->empty()) return true;
    if (bytes->size() > limits_.hard_limit - bytes_) return false;
    bytes_ += bytes->size();
    payloads_.push_back(std::move(bytes));
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

  /// Drops all but a payload that is partly sent: what comes next begins at a frame's start.
  void drop_unstarted() {
    const std::size_t keep = offset_ == 0 ? 0 : 1;
    payloads_.erase(payloads_.begin() + static_cast<std::ptrdiff_t>(first_ + keep),
                    payloads_.end());
    bytes_ = keep == 0 ? 0 : payloads_[first_]->size() - offset_;
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

  attempt write_once(stream_socket& socket) {
    // One stack frame serves the largest gather; most are of one or two pieces.
    std::array<iovec, IOV_MAX> pieces;
    const std::size_t count = std::min(pieces.size(), payloads_.size() - first_);
    std::size_t asked = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& bytes = *payloads_[first_ + i];
      const std::size_t skip = i == 0 ? offset_ : 0;
      pieces[i] = {const_cast<char*>(bytes.data()) + skip, bytes.size() - skip};
      asked += bytes.size() - skip;
    }
    return {asked, socket.write_some(std::span<const iovec>(pieces.data(), count))};
  }

  void drop(std::size_t sent) {
    bytes_ -= sent;
    offset_ += sent;
    while (first_ < payloads_.size() && offset_ >= payloads_[first_]->size()) {
      offset_ -= payloads_[first_]->size();
      payloads_[first_++].reset();
    }
    give_back();
  }

  // The vector is the queue: its front moves on, and is cut off once half of it is behind.
  void give_back() {
    if (first_ == payloads_.size())
      payloads_ = {};
    else if (first_ * 2 < payloads_.size())
      return;
    else
      payloads_.erase(payloads_.begin(), payloads_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  void cross(water mark) {
    high_ = mark == water::high;
    if (on_crossing_) on_crossing_(mark);
  }

  queue_limits limits_;
  std::vector<shared_payload> payloads_;
  std::size_t first_ = 0;   // the index of the front in `payloads_`
  std::size_t offset_ = 0;  // bytes of the front that are sent
  std::size_t bytes_ = 0;   // all that waits
  bool high_ = false;
  std::function<void(water)> on_crossing_;
};

}  // namespace jalon
