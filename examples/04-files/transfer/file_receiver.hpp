// Receives one file from a peer: listens, lets in who knows the token, writes and checks.
// No user is spoken to here, and the server of the chat is not known. Chapter: tutorial/04-files.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/connection.hpp>
#include <jalon/json_message.hpp>
#include <jalon/json_reader.hpp>
#include <jalon/reactor.hpp>
#include <jalon/socket.hpp>

#include "04-files/messages.hpp"
#include "chat/session_messages.hpp"
#include "file_codec.hpp"
#include "program/sha256.hpp"
#include "trailing_hash.hpp"

namespace transfer {

/// What is to come.
struct expected_file {
  std::string transfer;       ///< the server's name for it
  std::string token;          ///< who knows it may send
  std::uint64_t size = 0;     ///< of the whole file, in bytes
  std::uint64_t offset = 0;   ///< bytes that are there already
  std::string content;        ///< of the whole file
  program::sha256 hash = {};  ///< of the bytes that are there already
};

/// How receiving came out.
struct received_file {
  std::string failure = {};    ///< why it did not arrive; empty if it did
  bool content_wrong = false;  ///< all came, and is not what was offered
};

/// Waits for one sender, and takes one file from it.
///
/// Strangers may connect too; they are let go, and hold nobody up. For the loop's thread; the
/// loop outlives it.
class file_receiver {
 public:
  /// What it calls. `done` comes once, last, and may destroy the receiver.
  struct handlers {
    std::function<void(std::uint64_t bytes)> progress;  ///< of the whole file, in bytes
    std::function<void(const received_file&)> done;
  };

  /// How long it waits for the sender to come, or for more from one that is there.
  static constexpr std::chrono::seconds patience{60};

  /// Listens on @p at; port 0 lets the system choose.
  /// @param file open for reading and writing, outlives this
  /// @throws std::system_error when it cannot listen
  file_receiver(jalon::reactor& loop, const jalon::endpoint& at, int file, expected_file expected,
                handlers called)
      : loop_(loop),
        file_(file),
        expected_(std::move(expected)),
        handlers_(std::move(called)),
        have_(expected_.offset),
        listener_(std::make_unique<jalon::listener>(at)),
        watch_(loop.watch(
            listener_->fd(), jalon::io_events::read, [this](jalon::io_events) { accept_one(); },
            "file listener")) {
    wait_again();
  }
  file_receiver(const file_receiver&) = delete;
  file_receiver& operator=(const file_receiver&) = delete;

  /// The port that the sender is to connect to.
  std::uint16_t port() const { return listener_->local().port(); }

 private:
  using connection = jalon::connection<jalon::reactor, file_codec>;
  using visitors = std::list<std::unique_ptr<connection>>;

  // Who connects and says nothing takes one of these places; the newest gets the oldest's.
  static constexpr std::size_t most_visitors = 16;

  void accept_one() {
    auto accepted = listener_->accept();
    if (accepted.status != jalon::io_status::ok) return;
    if (visitors_.size() == most_visitors) visitors_.pop_front();
    const auto where = visitors_.emplace(visitors_.end());
    jalon::connection_options options;
    options.read_bytes = 65'536;
    *where = std::make_unique<connection>(
        loop_, std::move(accepted.socket),
        jalon::connection_handlers{[this, where](const jalon::frame& one) { take(where, one); },
                                   [this, where](std::error_code) { lose(where); },
                                   [this, where] { forget(where); }},
        options);
  }

  void take(visitors::iterator from, const jalon::frame& one) {
    if (from->get() == sender_) return write(one.payload);
    if (!is_right(one)) return (*from)->close();
    sender_ = from->get();
    hash_.emplace(file_digest(file_, have_, std::move(expected_.hash)));
    watch_ = {};
    listener_.reset();
    visitors_.remove_if([this](const auto& visitor) { return visitor.get() != sender_; });
    if (have_ == expected_.size) finish();
  }

  bool is_right(const jalon::frame& one) const {
    if (one.error) return false;
    jalon::json_reader reader;
    const auto object = reader.read(one.payload);
    chat::file_send said;
    if (!object || jalon::read_head(*object).type != chat::file_send::type) return false;
    if (jalon::read_message(*object, said)) return false;
    return said.transfer == expected_.transfer &&
           program::same_secret(said.token, expected_.token) &&
           said.offset.value() == expected_.offset;
  }

  // Takes what is due; what would come after that is nobody's.
  void write(std::string_view bytes) {
    bytes = bytes.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), expected_.size - have_)));
    if (bytes.empty() || finished_) return;
    if (const int error = write_all(bytes)) return fail("cannot write: " + reason(error));
    have_ += bytes.size();
    hash_->advance(have_);
    wait_again();
    handlers_.progress(have_);
    if (have_ == expected_.size) finish();
  }

  // @return the error number, 0 for none
  int write_all(std::string_view bytes) {
    std::uint64_t at = have_;
    while (!bytes.empty()) {
      const auto written = jalon::uninterrupted(
          [&] { return ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at)); });
      if (written == -1) return errno;
      bytes.remove_prefix(static_cast<std::size_t>(written));
      at += static_cast<std::uint64_t>(written);
    }
    return 0;
  }

  void finish() {
    std::error_code unreadable;
    const std::string found = hash_->finish(unreadable);
    if (unreadable) return fail("cannot read it again: " + unreadable.message());
    if (found != expected_.content) {
      result_.content_wrong = true;
      return fail("its content is not what was offered");
    }
    chat::file_ack ack;
    ack.transfer = expected_.transfer;
    ack.sha256 = *chat::sha256_hex::from(found);
    part_with(jalon::write_message(ack), {});
  }

  void fail(const std::string& why) {
    part_with(jalon::write_message(chat::error{"bad_transfer", why}), why);
  }

  void part_with(const std::string& last_words, const std::string& failure) {
    finished_ = true;
    result_.failure = failure;
    sender_->send(last_words);
    sender_->close();
  }

  // The sender's input has ended, in order or not.
  void lose(visitors::iterator which) {
    if (which->get() == sender_ && !finished_) {
      finished_ = true;
      result_.failure = "the connection ended before the file did";
    }
    (*which)->close();
  }

  void forget(visitors::iterator which) {
    const bool was_sender = which->get() == sender_;
    if (was_sender && !finished_) result_.failure = "the connection broke";
    const auto gone = std::move(*which);  // it is in a call of ours: not before we are back
    visitors_.erase(which);
    if (was_sender) tell_done();
  }

  void wait_again() {
    timer_ = loop_.at(loop_.now() + patience, [this] {
      result_.failure = sender_ == nullptr ? "nobody came to send it" : "nothing more came";
      tell_done();
    });
  }

  void tell_done() {
    timer_.cancel();
    hash_.reset();  // it reads the file, which may be closed before this is gone
    const auto done = std::move(handlers_.done);  // it may destroy this
    done(result_);
  }

  static std::string reason(int error) { return std::system_category().message(error); }

  jalon::reactor& loop_;
  int file_;
  expected_file expected_;
  handlers handlers_;
  std::uint64_t have_;
  std::optional<trailing_hash> hash_;  // once a sender has come
  received_file result_;
  bool finished_ = false;
  std::unique_ptr<jalon::listener> listener_;
  visitors visitors_;
  connection* sender_ = nullptr;  // the visitor who knew the token
  jalon::reactor::timer_type timer_;
  jalon::reactor::watch_type watch_;
};

}  // namespace transfer
