// A log for events that may come by the thousand: lines that say the same are counted.
// It writes nothing itself and reads no clock, so that a test sees every line.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <jalon/timer_queue.hpp>

namespace program {

/// Groups the events of a server. The first of a kind is printed at once, with its details. Those
/// of the same kind that follow within `period` are only counted; at its end one line tells how
/// many there were, and the details of the last. So an attack writes a few lines a minute, and the
/// first of them in time.
///
///     a client does not read: ann, 192.0.2.1:4711: 8388608 bytes wait
///     11 more like it: a client does not read; the last: bob, 192.0.2.7:5120: 8388608 bytes wait
class event_log {
 public:
  using printer = std::function<void(std::string_view line)>;          ///< prints a line
  using clock_function = std::function<jalon::steady_time()>;          ///< returns the time
  using wake_function = std::function<void(jalon::steady_time when)>;  ///< asks for a call

  /// How long events of a kind are counted after the first.
  static constexpr std::chrono::seconds period{10};

  /// @param print gets each line
  /// @param clock the time
  /// @param wake_at asks for a call of `expire` at a time; it replaces an earlier one that has not
  /// been made yet
  event_log(printer print, clock_function clock, wake_function wake_at);
  event_log(const event_log&) = delete;
  event_log& operator=(const event_log&) = delete;
  /// Tells of all that is counted and not told.
  ~event_log();

  /// Something has happened. @param event what kind of thing, a fixed text
  /// @param detail whom it concerns, and how much
  void add(std::string_view event, std::string_view detail);

  /// Tells of what was counted in each period that has ended.
  void expire();

 private:
  struct group {
    jalon::steady_time end;        // of its period
    std::size_t more = 0;          // that are not told
    std::string last_detail = {};  // of those
  };

  void tell(const std::string& event, const group& counted) const;

  printer print_;
  clock_function clock_;
  wake_function wake_at_;
  std::map<std::string, group, std::less<>> groups_;  // by event
};

}  // namespace program
