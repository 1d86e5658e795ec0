// Sends one file to a peer: connects, shows the token, sends, waits for the word that all is well.
// No user is spoken to here, and the server of the chat is not known. Chapter: tutorial/04-files.
#pragma once

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
#include <jalon/write_queue.hpp>

#include "04-files/messages.hpp"
#include "chat/session_messages.hpp"

#ifdef __linux__
#include <sys/sendfile.h>
#endif

namespace transfer {

/// Sends a part of a file down a socket, at most @p most bytes from @p offset on.
///
/// On Linux the bytes go from the page cache to the socket and are never copied to this program
/// (sendfile(2)). It knows no MSG_NOSIGNAL: whoever calls this ignores SIGPIPE.
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

/// What is to be sent.
struct file_to_send {
  int file = -1;           ///< open for reading, outlives the sender
  std::uint64_t size = 0;  ///< of the whole file, in bytes
  std::string content;     ///< its SHA-256, which the peer is to confirm
};

/// One file on its way to one peer. For the loop's thread; the loop outlives it.
class file_sender {
 public:
  /// What it calls. `done` comes once, last, and may destroy the sender; its text says why the
  /// file did not arrive, and is empty if it did.
  struct handlers {
    std::function<void(std::uint64_t bytes)> progress;  ///< of the whole file, in bytes
    std::function<void(const std::string& failure)> done;
  };

  /// How long the peer may take to answer, or to take more.
  static constexpr std::chrono::seconds patience{60};

  /// Begins to connect to @p to.
  /// @param first_line its offset is at most the file's size
  file_sender(jalon::reactor& loop, const jalon::endpoint& to, file_to_send sending,
              const chat::file_send& first_line, handlers called)
      : loop_(loop),
        sending_(std::move(sending)),
        transfer_(first_line.transfer),
        sent_(first_line.offset.value()),
        handlers_(std::move(called)),
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
    wait_again();
  }
  file_sender(const file_sender&) = delete;
  file_sender& operator=(const file_sender&) = delete;

 private:
  // What is sent before others have their turn.
  static constexpr std::size_t bytes_a_turn = std::size_t{1} << 20;

  void on_ready(jalon::io_events what) {
    if (!socket_) {
      if (attempt_.advance() != jalon::connector::state::connected)
        return finish("cannot connect: " + attempt_.error().message());
      socket_ = attempt_.take();
      watch_.want(jalon::io_events::read | jalon::io_events::write);
    }
    // The answer first: a receiver that has had enough says why, and takes nothing more.
    if (has(what, jalon::io_events::read) && read_answer()) return;
    if (has(what, jalon::io_events::write)) send_more();
  }

  void send_more() {
    jalon::io_result result = head_.write_to(socket_);
    if (result.status == jalon::io_status::ok && sent_ < sending_.size) result = send_bytes();
    if (result.status == jalon::io_status::end) return finish("the file has become shorter");
    // A broken connection may still hold the answer that says why.
    if (result.status == jalon::io_status::error && !read_answer())
      return finish("the connection broke: " + result.error.message());
    if (result.status != jalon::io_status::error && head_.empty() && all_is_sent())
      watch_.want(jalon::io_events::read);
  }

  jalon::io_result send_bytes() {
    const auto most =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes_a_turn, sending_.size - sent_));
    const auto result = send_from_file(socket_.fd(), sending_.file, sent_, most);
    if (result.bytes > 0) {
      sent_ += result.bytes;
      wait_again();
      handlers_.progress(sent_);
    }
    return result;
  }

  // @return whether that was the end: this may be gone then
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

  // Why the file did not arrive, as the answer has it; empty if it did.
  std::string verdict(std::string_view line) const {
    jalon::json_reader reader;
    const auto object = reader.read(line);
    const auto type = object ? jalon::read_head(*object).type : std::nullopt;
    chat::file_ack ack;
    chat::error refusal;
    if (type == chat::file_ack::type && !jalon::read_message(*object, ack) && confirms(ack))
      return {};
    if (type == chat::error::type && !jalon::read_message(*object, refusal))
      return "the receiver says: " + jalon::printable(refusal.message);
    return "the answer is no part of the protocol";
  }

  // Nobody can have checked what was not sent yet.
  bool confirms(const chat::file_ack& ack) const {
    return all_is_sent() && ack.transfer == transfer_ && ack.sha256.value() == sending_.content;
  }

  bool all_is_sent() const { return sent_ == sending_.size; }

  void wait_again() {
    timer_ = loop_.at(loop_.now() + patience, [this] { finish("nobody takes it"); });
  }

  void finish(const std::string& failure) {
    watch_ = {};
    timer_.cancel();
    const auto done = std::move(handlers_.done);  // it may destroy this
    done(failure);
  }

  jalon::reactor& loop_;
  file_to_send sending_;
  std::string transfer_;
  std::uint64_t sent_;
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
