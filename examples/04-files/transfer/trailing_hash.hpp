// The hash of a file that is being written, computed on a thread of its own. To hash a file takes
// as much time as to receive and write it, and most machines have a second core.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "file_digest.hpp"

namespace transfer {

/// Hashes what has been written, close behind the writer. If hashing is slower than writing,
/// `advance` waits, so that the writer is never far ahead.
///
/// All calls are made by one thread, the writer's. It shares two numbers and a flag with the thread
/// that hashes, and gives it a function to call at the end.
class trailing_hash {
 public:
  /// Continues @p begun; the file has no more bytes yet than those.
  explicit trailing_hash(file_digest begun)
      : digest_(std::move(begun)),
        written_(digest_.bytes()),
        hashed_(digest_.bytes()),
        thread_([this] { run(); }) {}
  trailing_hash(const trailing_hash&) = delete;
  trailing_hash& operator=(const trailing_hash&) = delete;
  ~trailing_hash() { join(); }

  /// The file has @p bytes now. Waits while the hash is too far behind.
  void advance(std::uint64_t bytes) {
    std::unique_lock lock(mutex_);
    written_ = bytes;
    changed_.notify_one();
    changed_.wait(lock, [this] { return written_ - hashed_ < most_behind; });
  }

  /// Called with the hash of everything that was written, in 64 lower-case hex digits, and the
  /// reason why the file cannot be read, if so.
  using end_handler = std::function<void(const std::string& hash, std::error_code unreadable)>;

  /// Nothing more will be written. When all is hashed, @p then is called on the thread that hashes;
  /// after that, `finish` does not wait long.
  void end(end_handler then = {}) {
    {
      const std::lock_guard lock(mutex_);
      if (!ended_) then_ = std::move(then);
      ended_ = true;
    }
    changed_.notify_one();
  }

  /// Waits for the hash of everything that was written, as `end_handler` has it. The last call.
  /// @param unreadable set to the reason why the file cannot be read, if so
  std::string finish(std::error_code& unreadable) {
    join();
    unreadable = error_;
    return found_;
  }

 private:
  static constexpr std::uint64_t most_behind =
      1U << 20;  // hashed in half a millisecond, still in the page cache

  void run() {
    std::uint64_t hashed = digest_.bytes();
    for (std::uint64_t due = next(hashed); hashed < due; due = next(hashed)) {
      if (!error_) error_ = digest_.take(due);
      hashed = error_ ? due : digest_.bytes();  // after an error, the writer must not wait
    }
    found_ = digest_.hash().finish();
    if (then_) then_(found_, error_);
  }

  // Publishes how much is hashed, and waits for more to hash. @return up to where to hash; the same
  // as @p hashed if nothing more will come
  std::uint64_t next(std::uint64_t hashed) {
    std::unique_lock lock(mutex_);
    hashed_ = hashed;
    changed_.notify_one();
    changed_.wait(lock, [this] { return hashed_ < written_ || ended_; });
    return written_;
  }

  void join() {
    end();
    if (thread_.joinable()) thread_.join();
  }

  file_digest digest_;  // only the thread uses these three, until it has ended
  std::error_code error_;
  std::string found_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::uint64_t written_;
  std::uint64_t hashed_;
  bool ended_ = false;
  end_handler then_;  // set with `ended_`, so the thread needs no lock once it is

  std::thread thread_;  // last, because it uses all other members
};

}  // namespace transfer
