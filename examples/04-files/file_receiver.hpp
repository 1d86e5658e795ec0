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

#include <jalon/acceptor.hpp>
#include <jalon/connection.hpp>
#include <jalon/json_message.hpp>
#include <jalon/json_reader.hpp>
#include <jalon/reactor.hpp>
#include <jalon/socket.hpp>

#include "02-users/messages.hpp"
#include "file_codec.hpp"
#include "sha256.hpp"
#include "trailing_hash.hpp"
#include "transfer_messages.hpp"

namespace example {

/// What is to come.
struct expected_file {
  std::string transfer;      ///< the server's name for it
  std::string token;         ///< who knows it may send
  std::uint64_t size = 0;    ///< of the whole file, in bytes
  std::uint64_t offset = 0;  ///< bytes that are there already
  std::string content;       ///< of the whole file
  sha256 hash = {};          ///< of the bytes that are there already
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
  /// What it calls. `done` comes once, last, and may have the loop retire the receiver.
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
        acceptor_(loop, jalon::listener(at),
                  [this](jalon::accept_result accepted) { welcome(std::move(accepted.socket)); }) {
    wait_again();
  }
  file_receiver(const file_receiver&) = delete;
  file_receiver& operator=(const file_receiver&) = delete;

  /// The port that the sender is to connect to.
  std::uint16_t port() const { return acceptor_.local().port(); }

 private:
  // Somebody who has connected: the sender, or a stranger.
  struct visitor final : jalon::connection_handler {
    visitor(file_receiver& owner, jalon::stream_socket socket)
        : receiver(owner), link(owner.loop_, std::move(socket), *this, options()) {}

    static jalon::connection_options options() {
      jalon::connection_options chosen;
      chosen.read_bytes = 65'536;
      return chosen;
    }

    void received(const jalon::frame& frame) override { receiver.take(*this, frame); }
    void ended(std::error_code /*error*/) override { receiver.lose(*this); }
    void closed() override { receiver.forget(*this); }

    file_receiver& receiver;
    jalon::connection<jalon::reactor, file_codec, visitor> link;
  };

  // A stranger who sends nothing takes one of these places; a newcomer gets the oldest one's.
  static constexpr std::size_t most_visitors = 16;

  void welcome(jalon::stream_socket socket) {
    if (visitors_.size() == most_visitors) visitors_.pop_front();
    visitors_.push_back(std::make_unique<visitor>(*this, std::move(socket)));
  }

  void take(visitor& from, const jalon::frame& frame) {
    if (&from == sender_) return write(frame.payload);
    if (!is_right(frame)) return from.link.close();
    sender_ = &from;
    hash_.emplace(file_digest(file_, have_, std::move(expected_.hash)));
    acceptor_.close();
    visitors_.remove_if([this](const auto& other) { return other.get() != sender_; });
    if (have_ == expected_.size) finish();
  }

  bool is_right(const jalon::frame& one) const {
    if (one.error) return false;
    jalon::json_reader reader;
    const auto object = reader.read(one.payload);
    chat::file_send said;
    if (!object || jalon::read_head(*object).type != chat::file_send::type) return false;
    if (jalon::read_message(*object, said)) return false;
    return said.transfer == expected_.transfer && same_secret(said.token, expected_.token) &&
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
    sender_->link.send(last_words);
    sender_->link.close();
  }

  // The visitor's input has ended, in order or not.
  void lose(visitor& gone) {
    if (&gone == sender_ && !finished_) {
      finished_ = true;
      result_.failure = "the connection ended before the file did";
    }
    gone.link.close();
  }

  void forget(visitor& gone) {
    const bool was_sender = &gone == sender_;
    if (was_sender && !finished_) result_.failure = "the connection broke";
    const auto place = std::find_if(visitors_.begin(), visitors_.end(),
                                    [&](const auto& other) { return other.get() == &gone; });
    loop_.retire(std::move(*place));
    visitors_.erase(place);
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
    handlers_.done(result_);
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
  jalon::acceptor<jalon::reactor> acceptor_;
  std::list<std::unique_ptr<visitor>> visitors_;
  visitor* sender_ = nullptr;  // the visitor who knew the token
  jalon::reactor::timer_type timer_;
};

}  // namespace example
