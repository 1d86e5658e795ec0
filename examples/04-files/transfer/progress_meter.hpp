// The progress of a file in words: how much is done, how fast, and how long the rest will take.
// The time is a parameter, so that tests need no clock. Chapter: tutorial/04-files.
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include <jalon/timer_queue.hpp>

namespace transfer {

/// A size for people: `17 B`, `1.2 MB`.
inline std::string to_size(std::uint64_t bytes) {
  constexpr std::array units = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < units.size(); ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

/// The progress of one file.
class progress_meter {
 public:
  /// @param name of the file
  explicit progress_meter(std::string name) : name_(std::move(name)) {}

  /// A line like `notes.txt: 45 % of 1.2 MB, 310.0 kB/s, 2 s left`; nothing if the last line is
  /// less than 100 ms old.
  /// @param bytes how many of @p size are done; those done at the first call do not count for speed
  std::optional<std::string> tell(std::uint64_t bytes, std::uint64_t size, jalon::steady_time now) {
    if (!first_) first_ = {now, bytes};
    if (told_ && now - *told_ < std::chrono::milliseconds(100)) return std::nullopt;
    told_ = now;
    std::string line =
        name_ + ": " + std::to_string(percent(bytes, size)) + " % of " + to_size(size);
    const double seconds = std::chrono::duration<double>(now - first_->first).count();
    if (seconds <= 0 || bytes <= first_->second) return line;
    const double rate = static_cast<double>(bytes - first_->second) / seconds;
    const double left = static_cast<double>(size - bytes) / rate;
    return line + ", " + to_size(static_cast<std::uint64_t>(rate)) + "/s, " +
           std::to_string(std::llround(left)) + " s left";
  }

 private:
  static std::uint64_t percent(std::uint64_t bytes, std::uint64_t size) {
    if (size == 0) return 100;
    return static_cast<std::uint64_t>(100.0 * static_cast<double>(bytes) /
                                      static_cast<double>(size));
  }

  std::string name_;
  std::optional<std::pair<jalon::steady_time, std::uint64_t>>
      first_;  // when, and how much was there
  std::optional<jalon::steady_time> told_;
};

}  // namespace transfer
