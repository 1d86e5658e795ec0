// Puts frames into the write queues of their recipients, few or many.
//
//     send(to one) ----> unicast outbox  -----------------------> queue of the recipient
//     send(to many) ---> multicast outbox --> batch -------------> queue of each recipient
//
// Unicast and multicast have separate outboxes, so that unicast frames do not break up a run of
// multicast bytes: these stay adjacent, and one plain write sends all of them to a recipient.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "payload.hpp"
#include "service.hpp"

namespace jalon {

/// Sends frames to recipients by way of a batch: frames to the same recipients, one after the
/// other, become one payload. If a member sends 64 lines at once to a channel, the queues of the
/// other members are visited once, not 64 times; that saves a third of the instructions of a
/// delivery (docs/performance.md). A unicast frame in between ends the batch, for example the
/// answer to a request with an id. Then only the bytes are still adjacent.
///
/// It keeps the order: each recipient's queue gets the frames as they were sent. Whoever looks at a
/// queue, or closes its connection, calls `flush_batch` before; until then frames may be in the
/// batch.
///
/// @tparam Enqueue puts a payload into the queue of a recipient. It does not call back into this.
template <std::invocable<connection_id, const shared_payload&> Enqueue>
class fan_out {
 public:
  /// @param max_batch a batch that has grown beyond so many bytes is flushed
  fan_out(Enqueue enqueue, std::size_t max_batch)
      : enqueue_(std::move(enqueue)), max_batch_(max_batch) {}

  /// Sends the frame that @p append writes to all of @p recipients.
  void send(std::span<const connection_id> recipients, appender auto append) {
    if (recipients.size() == 1) {
      flush_batch();
      return enqueue_(recipients.front(), unicast_.add(append));
    }
    if (!std::equal(recipients_.begin(), recipients_.end(), recipients.begin(), recipients.end()) ||
        !multicast_.try_extend(batch_, append)) {
      flush_batch();
      recipients_.assign(recipients.begin(), recipients.end());
      batch_ = multicast_.add(append);
    }
    // The connection that is being read may be a recipient. Its queue must show what is queued: it
    // is not read while that is above the high-water mark.
    if (batch_.size > max_batch_) flush_batch();
  }

  /// Puts the batch into the queues of its recipients.
  void flush_batch() {
    if (batch_.size == 0) return;
    const shared_payload payload = std::exchange(batch_, {});
    for (const connection_id recipient : recipients_) enqueue_(recipient, payload);
    recipients_.clear();
  }

  /// Ends the turn of the loop: the blocks of memory are reused.
  void end_turn() {
    flush_batch();
    unicast_.end_turn();
    multicast_.end_turn();
  }

 private:
  Enqueue enqueue_;
  std::size_t max_batch_;
  outbox unicast_;
  outbox multicast_;
  std::vector<connection_id> recipients_;  // of the batch
  shared_payload batch_;                   // empty if nothing is batched
};

}  // namespace jalon
