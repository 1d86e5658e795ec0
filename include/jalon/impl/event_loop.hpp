// How deferred functions are called; event_loop.hpp says what is promised.
#pragma once

#include <utility>

#include "../event_loop.hpp"

namespace jalon {

JALON_INLINE void deferral_queue::run() {
  try {
    after_input_.run();
    output_.run();
    destroy_retired();
  } catch (...) {
    if (!empty() && wake_) wake_();
    throw;
  }
}

// Each function leaves the list before it is called: it may schedule itself again, destroy any of
// the others, which clears its place here, or throw.
JALON_INLINE void deferral_queue::stage::run() {
  if (running.empty()) {
    running.swap(waiting);
    for (deferred* function : running) {
      if (function != nullptr) function->list_ = &running;
    }
  }
  while (next < running.size()) {
    deferred* const function = std::exchange(running[next++], nullptr);
    if (function == nullptr) continue;
    function->list_ = nullptr;
    function->call_();
  }
  running.clear();
  next = 0;
}

JALON_INLINE void deferral_queue::destroy_retired() noexcept {
  // A destructor may retire further objects.
  while (!retired_.empty()) std::exchange(retired_, {}).clear();
}

}  // namespace jalon
