// Sends a file to a peer: connects, shows the token, sends the bytes, waits for the confirmation.
// It shows nothing to the user, and does not know the chat's server. Chapter: tutorial/04-files.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jalon/buffer.hpp>
#include <jalon/connect.hpp>
#include <jalon/json_message.hpp>
#include <jalon/json_reader.hpp>
#include <jalon/line_codec.hpp>
#include <jalon/printable.hpp>
#include <jalon/reactor.hpp>
#include <jalon/unique_fd.hpp>
#include <jalon/write_queue.hpp>

#include "04-files/messages.hpp"
#include "chat/session_messages.hpp"

#ifdef __linux__
#include <sys/sendfile.h>
#endif

namespace transfer {

/// Sends a part of a file to a socket, at most @p most bytes from @p offset on.
///
/// On Linux the kernel copies the bytes from the page cache to the socket, and the program never
/// sees them (sendfile(2)). That call has no MSG_NOSIGNAL, so SIGPIPE must be ignored, as
/// `run_main` does.
inline jalon::io_result send_from_file(int socket, int file, std::uint64_t offset,
                                       std::size_t most) {
  auto from = static_cast<off_t>(offset);
#ifdef __linux__
  const auto sent = jalon::uninterrupted([&] { return ::sendfile(socket, file, &from, most); });
#else
  std::array<char, 65'536> bytes;
  const auto got = ::pread(file, bytes.data(), std::min(most, bytes.size()), from);
  const auto sent = got <= 0 ? got : ::send(socket, bytes.data(), static_cast<size_t>(got), 0);
#endif
  if (sent == 0) return {0, jalon::io_status::end, {}};
  return jalon::detail::moved(sent);
}

/// Opens a file for sending. Only a regular file has a size and ends: to open a FIFO or a device
/// may wait, or do something, so they are not even opened.
/// @return no descriptor if it cannot be opened; then `errno` says why, and is 0 if @p path is no
/// regular file
inline jalon::unique_fd open_to_send(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == -1) return {};
  jalon::unique_fd file;
  if (S_ISREG(status.st_mode)) {
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return {};
    // The name may mean another file by now.
    if (::fstat(file.get(), &status) == -1 || !S_ISREG(status.st_mode)) file.reset();
  }
  errno = 0;
  return file;
}

/// The file to be sent.
struct file_to_send {
  int file = -1;           ///< open for reading, outlives the sender
  std::uint64_t size = 0;  ///< of the whole file, in bytes
  std::string content;     ///< its SHA-256, which the peer has to confirm
};

/// Sends the file. To be used on the loop's thread; the loop outlives it.
class file_sender {
 public:
  /// What it calls. `done` is called once, last, and may have the loop retire the sender. Its text
  /// says why the file did not arrive; it is empty if the file did.
  struct handlers {
    std::function<void(std::uint64_t bytes)> progress;  ///< of the whole file, in bytes
    std::function<void(const std::string& failure)> done;
  };

  /// How long it waits for the connection.
  static constexpr std::chrono::seconds connect_patience{60};

  /// How long it waits until the peer has taken `least_progress` more. That is longer than the peer
  /// may need for as many: a system that has megabytes to deliver to its program acknowledges more
  /// only when a good part of them is read.
  static constexpr std::chrono::minutes patience{10};

  /// Bytes that the peer's system has to take within `patience`, if the file has as many left.
  static constexpr std::uint64_t least_progress = 65'536;

  /// How long it waits for the answer when everything is taken. The peer may have megabytes to read
  /// yet, and a slow disk to wait for.
  static constexpr std::chrono::minutes answer_patience{30};

  /// Begins to connect to @p to.
  /// @param first_line its offset is at most the file's size
  file_sender(jalon::reactor& loop, const jalon::endpoint& to, file_to_send sending,
              const chat::file_send& first_line, handlers callbacks)
      : loop_(loop),
        sending_(std::move(sending)),
        transfer_(first_line.transfer),
        sent_(first_line.offset.value()),
        handlers_(std::move(callbacks)),
        attempt_({to}) {
    std::string line;
    jalon::line_codec::encode(jalon::write_message(first_line), line);
    const bool queued = head_.push(jalon::make_payload(std::move(line)));
    if (!queued || attempt_.status() == jalon::connector::state::failed) {
      timer_ = loop_.at(loop_.now(),
                        [this] { finish("cannot connect: " + attempt_.error().message()); });
      return;
    }
    watch_ = loop_.watch(
        attempt_.fd(), jalon::io_events::write, [this](jalon::io_events what) { on_ready(what); },
        "file sender");
    timer_ =
        loop_.at(loop_.now() + connect_patience, [this] { finish("cannot connect: no answer"); });
  }
  file_sender(const file_sender&) = delete;
  file_sender& operator=(const file_sender&) = delete;

 private:
  // The most bytes that are sent in one turn of the loop.
  static constexpr std::size_t bytes_a_turn = std::size_t{1} << 20;

  void on_ready(jalon::io_events what) {
    if (!socket_) {
      if (attempt_.advance() != jalon::connector::state::connected)
        return finish("cannot connect: " + attempt_.error().message());
      socket_ = attempt_.take();
      // While it waits for the answer, only this tells that the peer's machine has gone.
      socket_.set_keepalive(std::chrono::seconds(60), std::chrono::seconds(10), 5);
      restart_timer();
      watch_.set_interest(jalon::io_events::read | jalon::io_events::write);
    }
    // The answer first: a receiver that refuses the rest says why, and stops reading.
    if (has(what, jalon::io_events::read) && read_answer()) return;
    if (has(what, jalon::io_events::write)) send_more();
  }

  void send_more() {
    jalon::io_result result = head_.write_to(socket_);
    if (result.status == jalon::io_status::ok && sent_ < sending_.size) result = send_bytes();
    if (result.status == jalon::io_status::end) return finish("the file has become shorter");
    // The answer that says why may have arrived before the connection broke.
    if (result.status == jalon::io_status::error && !read_answer())
      return finish("the connection broke: " + result.error.message());
    if (result.status == jalon::io_status::error || !head_.empty() || !all_is_sent()) return;
    watch_.set_interest(jalon::io_events::read);
    restart_timer();
  }

  jalon::io_result send_bytes() {
    const auto most =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes_a_turn, sending_.size - sent_));
    const auto result = send_from_file(socket_.fd(), sending_.file, sent_, most);
    if (result.bytes > 0) {
      sent_ += result.bytes;
      handlers_.progress(sent_);
    }
    return result;
  }

  // @return whether that was the end
  bool read_answer() {
    const auto result = socket_.read_some(in_.prepare(jalon::line_codec::default_max_bytes));
    if (result.status == jalon::io_status::would_block) return false;
    in_.commit(result.bytes);
    auto line = answer_codec_.next(in_);
    if (!line && result.status == jalon::io_status::end) line = answer_codec_.finish(in_);
    if (!line && result.status == jalon::io_status::ok) return false;
    finish(line ? verdict(line->payload) : "the connection ended before the file did");
    return true;
  }

  // The reason in the answer why the file did not arrive; empty if it did.
  std::string verdict(std::string_view line) const {
    jalon::json_reader reader;
    const auto object = reader.read(line);
    const auto type = object ? jalon::read_head(*object).type : std::nullopt;
    chat::file_ack ack;
    chat::error refusal;
    if (type == chat::file_ack::type && !jalon::read_message(*object, ack) && confirms(ack))
      return {};
    if (type == chat::error::type && !jalon::read_message(*object, refusal) &&
        refusal.message.size() <= chat::max_text)
      return "the receiver says: " + jalon::printable(refusal.message);
    return "the answer is no part of the protocol";
  }

  // A confirmation that comes before the end of the file cannot be true.
  bool confirms(const chat::file_ack& ack) const {
    return all_is_sent() && ack.transfer == transfer_ && ack.sha256.value() == sending_.content;
  }

  bool all_is_sent() const { return sent_ == sending_.size; }

  // The bytes of the file that the peer's system has. What waits in this system's buffers is taken
  // by nobody: it may be megabytes.
  std::uint64_t taken() const {
    const std::uint64_t waiting = socket_.unacknowledged();
    return sent_ > waiting ? sent_ - waiting : 0;
  }

  bool all_is_taken() const { return taken_at_restart_ == sending_.size; }

  void restart_timer() {
    taken_at_restart_ = taken();
    const auto most = all_is_taken() ? answer_patience : patience;
    timer_ = loop_.at(loop_.now() + most, [this] { check_progress(); });
  }

  // No event tells that the peer has taken more.
  void check_progress() {
    if (all_is_taken())
      return finish(
          "it is all there, but the receiver does not confirm it, and may have it or not");
    const std::uint64_t now_taken = taken();
    if (now_taken < sending_.size && now_taken < taken_at_restart_ + least_progress)
      return finish("nobody takes it");
    restart_timer();
  }

  void finish(const std::string& failure) {
    watch_ = {};
    timer_.cancel();
    handlers_.done(failure);
  }

  jalon::reactor& loop_;
  file_to_send sending_;
  std::string transfer_;
  std::uint64_t sent_;
  std::uint64_t taken_at_restart_ = 0;  // when the timer was started last
  handlers handlers_;
  jalon::connector attempt_;
  jalon::stream_socket socket_;
  jalon::write_queue head_;
  jalon::buffer in_;
  jalon::line_codec answer_codec_;
  jalon::reactor::timer_type timer_;
  jalon::reactor::watch_type watch_;
};

}  // namespace transfer
