// The hash of a file that is being written, on a thread of its own: to hash a file costs as much
// as to receive and write it, and most machines have a second core for that.
// No socket and no loop is here, and nothing is written.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "file_digest.hpp"

namespace transfer {

/// Follows the one who writes the file, and is never far behind: where hashing is slower than
/// writing, `advance` waits, and all goes as it would without a thread.
///
/// All is for one thread, the writer's; it shares two numbers and a flag with the other.
class trailing_hash {
 public:
  /// Goes on with @p begun; all of its file that it has not hashed is to come.
  explicit trailing_hash(file_digest begun)
      : digest_(std::move(begun)),
        written_(digest_.bytes()),
        hashed_(digest_.bytes()),
        thread_([this] { run(); }) {}
  trailing_hash(const trailing_hash&) = delete;
  trailing_hash& operator=(const trailing_hash&) = delete;
  ~trailing_hash() { end(); }

  /// The file has @p bytes now. Waits, if the hash is too far behind, until it is not.
  void advance(std::uint64_t bytes) {
    std::unique_lock lock(mutex_);
    written_ = bytes;
    changed_.notify_one();
    changed_.wait(lock, [this] { return written_ - hashed_ < most_behind; });
  }

  /// The hash of all that was written, in 64 lower-case hex digits; waits for it. Once, and the
  /// last call.
  /// @param unreadable why there is none, if so
  std::string finish(std::error_code& unreadable) {
    end();
    unreadable = error_;
    return digest_.hash().finish();
  }

 private:
  static constexpr std::uint64_t most_behind = 1U << 20;  // half a millisecond's work, still cached

  void run() {
    std::uint64_t hashed = digest_.bytes();
    for (std::uint64_t due = next(hashed); hashed < due; due = next(hashed)) {
      if (!error_) error_ = digest_.take(due);
      hashed = error_ ? due : digest_.bytes();  // what cannot be read holds nobody up
    }
  }

  // Tells how far the hash is. @return how far it is to go; no farther, if nothing more will come
  std::uint64_t next(std::uint64_t hashed) {
    std::unique_lock lock(mutex_);
    hashed_ = hashed;
    changed_.notify_one();
    changed_.wait(lock, [this] { return hashed_ < written_ || ended_; });
    return written_;
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  file_digest digest_;  // these two are the thread's own, until it has ended
  std::error_code error_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::uint64_t written_;
  std::uint64_t hashed_;
  bool ended_ = false;

  std::thread thread_;  // last: it uses all the others
};

}  // namespace transfer
