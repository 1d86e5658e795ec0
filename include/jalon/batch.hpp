// What goes to the same recipients in a row, before it is put into their queues.
// When that is done is not known here.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "payload.hpp"
#include "service.hpp"

namespace jalon {

/// Lines to the same recipients, one after the other, as one payload: who says 64 things at once to
/// a channel goes through the queues of its members once, not 64 times. Then a delivery takes two
/// thirds of the instructions (docs/performance.md).
class batch {
 public:
  /// Adds @p line by way of @p box, if it goes to the same, and nothing else was put into the box
  /// since. @return whether it did
  bool try_add(std::span<const connection_id> to, std::string_view line, outbox& box) {
    return std::equal(recipients_.begin(), recipients_.end(), to.begin(), to.end()) &&
           box.try_extend(payload_, line);
  }

  /// Begins with @p line, which is in the box; what was there is gone.
  void begin(std::span<const connection_id> to, shared_payload line) {
    recipients_.assign(to.begin(), to.end());
    payload_ = std::move(line);
  }

  /// Whom it goes to.
  std::span<const connection_id> recipients() const noexcept { return recipients_; }

  /// All that goes to each of them.
  const shared_payload& payload() const noexcept { return payload_; }

 private:
  std::vector<connection_id> recipients_;
  shared_payload payload_;
};

}  // namespace jalon
