// Receives a file from a peer: listens, accepts the sender that knows the token, writes the file,
// checks its hash, has it kept and confirms it. It shows nothing to the user, and does not know the
// chat's server. Chapter: tutorial/04-files.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <jalon/acceptor.hpp>
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

/// The file to be received.
struct expected_file {
  std::string transfer;       ///< the name that the server gave to the transfer
  std::string token;          ///< the sender must know it
  std::uint64_t size = 0;     ///< of the whole file, in bytes
  std::uint64_t offset = 0;   ///< bytes that are here already
  std::string content;        ///< SHA-256 of the whole file
  program::sha256 hash = {};  ///< of the bytes that are here already
};

/// The result of receiving.
struct received_file {
  std::string failure = {};    ///< why the file did not arrive; empty if it did
  bool content_wrong = false;  ///< all bytes came, but the hash is wrong
};

/// Waits for the sender, and receives the file from it.
///
/// Strangers may connect too. They are disconnected, and the sender does not wait for them. To be
/// used on the loop's thread; the loop outlives it.
class file_receiver {
 public:
  /// What it calls. None of them is called after `stop`.
  struct handlers {
    std::function<void(std::uint64_t bytes)> progress;  ///< of the whole file, in bytes
    /// Called once, as soon as the result is known. From then on the file is not used. The sender
    /// may still be there, to be told.
    std::function<void(const received_file&)> done;
    /// Gives the file its place, once it is whole, checked and on the disk. The sender is told that
    /// it has arrived only if this returns no error. Called on the thread that hashes, because it
    /// waits for the disk; it has returned before `done` is called, or `stop` returns.
    std::function<std::error_code()> keep = [] { return std::error_code(); };
    /// Called once, last: the sender has gone. May have the loop retire the receiver.
    std::function<void()> gone = [] {};
  };

  /// How long it waits for the sender to connect, and then for each `least_progress`.
  static constexpr std::chrono::seconds patience{60};

  /// Bytes that have to come within `patience`, if the file has as many left. Otherwise a sender
  /// could send a byte a minute, and the transfer would never end.
  static constexpr std::uint64_t least_progress = 65'536;

  /// Listens on @p at; port 0 lets the system choose.
  /// @param file open for reading and writing, until `done` is called or this is stopped
  /// @throws std::system_error when it cannot listen
  file_receiver(jalon::reactor& loop, const jalon::endpoint& at, int file, expected_file expected,
                handlers callbacks)
      : loop_(loop),
        file_(file),
        expected_(std::move(expected)),
        handlers_(std::move(callbacks)),
        have_(expected_.offset),
        acceptor_(loop, jalon::listener(at),
                  {[this](jalon::accept_result accepted) { welcome(std::move(accepted)); }}) {
    restart_timer();
  }
  file_receiver(const file_receiver&) = delete;
  file_receiver& operator=(const file_receiver&) = delete;

  /// The port to which the sender is to connect.
  std::uint16_t port() const { return acceptor_.local().port(); }

  /// Whether all bytes have come. Then it is being checked and kept, and the result will be known
  /// soon, whatever the sender does.
  bool is_whole() const { return have_ == expected_.size; }

  /// Ends it now: none of the handlers is called any more, `done` neither. To be called before it
  /// is retired, because a retired object still gets the events of this turn of the loop.
  void stop() {
    is_over_ = true;
    timer_.cancel();
    hash_.reset();  // it reads the file, which may be closed before this object is destroyed
  }

 private:
  // Somebody who has connected: the sender, or a stranger.
  struct visitor final : jalon::connection_handler {
    visitor(file_receiver& owner, jalon::accept_result accepted)
        : receiver(owner),
          address(accepted.peer.address()),
          link(owner.loop_, std::move(accepted.socket), *this, options()) {}

    static jalon::connection_options options() {
      jalon::connection_options chosen;
      chosen.read_bytes = 65'536;
      return chosen;
    }

    void received(const jalon::frame& frame) override { receiver.take(*this, frame); }
    void ended(std::error_code /*error*/) override { receiver.lose(*this); }
    void closed() override { receiver.forget(*this); }

    file_receiver& receiver;
    std::string address;
    jalon::connection<jalon::reactor, file_codec, visitor> link;
  };

  // At most so many connections wait for their first line.
  static constexpr std::size_t most_visitors = 16;

  void welcome(jalon::accept_result accepted) {
    if (is_over_) return;
    if (visitors_.size() == most_visitors) make_room();
    visitors_.push_back(std::make_unique<visitor>(*this, std::move(accepted)));
  }

  // The oldest visitor of the address that has the most of them makes room: a stranger who connects
  // over and over does not displace the sender, unless both are at the same address.
  void make_room() {
    std::map<std::string, int> visitors_of;
    for (const auto& other : visitors_) ++visitors_of[other->address];
    visitors_.erase(std::max_element(
        visitors_.begin(), visitors_.end(), [&](const auto& one, const auto& other) {
          return visitors_of[one->address] < visitors_of[other->address];
        }));
  }

  void take(visitor& from, const jalon::frame& frame) {
    if (is_over_) return;
    if (&from == sender_) return write(frame.payload);
    if (!is_from_sender(frame)) return from.link.close();
    sender_ = &from;
    restart_timer();
    hash_.emplace(file_digest(file_, have_, std::move(expected_.hash)));
    acceptor_.close();
    visitors_.remove_if([this](const auto& other) { return other.get() != sender_; });
    if (is_whole()) end_hash();
  }

  bool is_from_sender(const jalon::frame& line) const {
    if (line.error) return false;
    jalon::json_reader reader;
    const auto object = reader.read(line.payload);
    chat::file_send request;
    if (!object || jalon::read_head(*object).type != chat::file_send::type) return false;
    if (jalon::read_message(*object, request)) return false;
    return request.transfer == expected_.transfer &&
           program::same_secret(request.token, expected_.token) &&
           request.offset.value() == expected_.offset;
  }

  // Writes the bytes of the file; bytes after its end are ignored.
  void write(std::string_view bytes) {
    bytes = bytes.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), expected_.size - have_)));
    if (bytes.empty() || is_answered_) return;
    if (const int error = write_all(bytes)) return fail("cannot write: " + reason(error));
    have_ += bytes.size();
    hash_->advance(have_);
    if (have_ - have_at_restart_ >= least_progress) restart_timer();
    handlers_.progress(have_);
    if (is_whole() && !is_over_) end_hash();
  }

  // @return the number of the error, 0 for none
  int write_all(std::string_view bytes) {
    std::uint64_t at = have_;
    while (!bytes.empty()) {
      const auto written = jalon::uninterrupted(
          [&] { return ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at)); });
      if (written == -1) return errno;
      if (written == 0) return EIO;
      bytes.remove_prefix(static_cast<std::size_t>(written));
      at += static_cast<std::uint64_t>(written);
    }
    return 0;
  }

  // Waits for the hash and for the disk, which may take seconds, on the thread that hashes. The
  // loop goes on meanwhile.
  void end_hash() {
    timer_.cancel();
    hash_->end([this, alive = std::weak_ptr(alive_)](const std::string& found,
                                                     std::error_code unreadable) {
      if (!unreadable && found == expected_.content) store();
      loop_.post([this, alive] {
        if (!alive.expired()) judge();
      });
    });
  }

  // On the thread that hashes.
  void store() {
    if (jalon::uninterrupted([this] { return ::fsync(file_); }) == -1)
      sync_error_ = errno;
    else
      keep_error_ = handlers_.keep();
  }

  // Nobody is told that the file has arrived before it is kept: what is confirmed must be true.
  void judge() {
    if (is_over_) return;
    std::error_code unreadable;
    const std::string found = hash_->finish(unreadable);
    if (unreadable) return fail("cannot read it again: " + unreadable.message());
    if (found != expected_.content) {
      result_.content_wrong = true;
      return fail(expected_.offset == 0 ? "its content is not what was offered"
                                        : "the part from an earlier attempt was wrong and is "
                                          "dropped; offer the file again");
    }
    if (sync_error_ != 0) return fail("cannot write: " + reason(sync_error_));
    if (keep_error_) return fail("cannot keep it: " + keep_error_.message());
    chat::file_ack ack;
    ack.transfer = expected_.transfer;
    ack.sha256 = *chat::sha256_hex::from(found);
    send_answer(jalon::write_message(ack), {});
  }

  void fail(const std::string& why) {
    send_answer(jalon::write_message(chat::error{"bad_transfer", why}), why);
  }

  void send_answer(const std::string& line, const std::string& failure) {
    is_answered_ = true;
    result_.failure = failure;
    tell_done();
    if (sender_ == nullptr) return tell_gone();  // before, but all its bytes are here
    sender_->link.send(line);
    sender_->link.close();
  }

  // The visitor has ended its output, or its connection is broken. A sender whose file is whole
  // still gets its answer.
  void lose(visitor& gone) {
    if (&gone == sender_ && is_whole() && !is_answered_) return;
    gone.link.close();
  }

  void forget(visitor& gone) {
    const bool was_sender = &gone == sender_;
    const auto place = std::find_if(visitors_.begin(), visitors_.end(),
                                    [&](const auto& other) { return other.get() == &gone; });
    loop_.retire(std::move(*place));
    visitors_.erase(place);
    if (!was_sender) return;
    sender_ = nullptr;
    if (is_answered_) return tell_gone();
    if (is_whole()) return;  // it is being checked
    give_up("the connection ended before the file did");
  }

  void restart_timer() {
    have_at_restart_ = have_;
    timer_ = loop_.at(loop_.now() + patience, [this] { give_up(late()); });
  }

  std::string late() const {
    if (!hash_) return "nobody came to send it";
    return have_ == have_at_restart_ ? "nothing more came" : "it came too slowly";
  }

  // Without an answer to the sender.
  void give_up(const std::string& failure) {
    if (is_over_) return;
    result_.failure = failure;
    tell_done();
    tell_gone();
  }

  void tell_done() {
    timer_.cancel();
    hash_.reset();  // it reads the file, which its owner may discard now
    handlers_.done(result_);
  }

  void tell_gone() {
    if (is_over_) return;
    stop();
    handlers_.gone();
  }

  static std::string reason(int error) { return std::system_category().message(error); }

  jalon::reactor& loop_;
  int file_;
  expected_file expected_;
  handlers handlers_;
  std::uint64_t have_;
  std::uint64_t have_at_restart_ = 0;  // when the timer was started last
  std::optional<trailing_hash> hash_;  // once a sender has come
  received_file result_;
  bool is_answered_ = false;
  bool is_over_ = false;        // no handler is called any more
  int sync_error_ = 0;          // written by the thread that hashes, read after it has ended
  std::error_code keep_error_;  // likewise
  jalon::acceptor<jalon::reactor> acceptor_;
  std::list<std::unique_ptr<visitor>> visitors_;
  visitor* sender_ = nullptr;  // the visitor that knew the token
  jalon::reactor::timer_type timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for calls that are posted
};

}  // namespace transfer
