// The files that others offer to this user: asked about, accepted or rejected, received. The bytes
// move in transfer/file_receiver.hpp; where they are stored is decided in transfer/inbox.hpp.
// Chapter: tutorial/04-files.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <jalon/endpoint.hpp>
#include <jalon/reactor.hpp>

#include "chat/client_core.hpp"
#include "file_host.hpp"
#include "messages.hpp"
#include "program/random_token.hpp"
#include "questions.hpp"
#include "transfer/file_hasher.hpp"
#include "transfer/file_receiver.hpp"
#include "transfer/inbox.hpp"
#include "transfer/progress_meter.hpp"

namespace chat {

/// The offers to this user, and the files on the way here.
class incoming_files {
 public:
  /// How many offers of one user may wait for this user's answer, and how many in all. What is
  /// beyond is rejected without a question.
  static constexpr std::size_t most_of_one_sender = 8;
  static constexpr std::size_t most_offers = 32;

  /// Registers its commands and messages with @p client. All but @p files outlive it.
  incoming_files(jalon::reactor& loop, client_core& client, questions& asked, const file_host& host,
                 transfer::inbox files)
      : loop_(loop), client_(client), questions_(asked), host_(host), inbox_(std::move(files)) {
    client.add_command("accept", {"/accept [FILE]", "take a file that was offered (also: Y)",
                                  [this](std::string_view rest) { run_answer(true, rest); }});
    client.add_command("reject", {"/reject [FILE]", "refuse a file that was offered (also: N)",
                                  [this](std::string_view rest) { run_answer(false, rest); }});
    client.handle_messages<file_offer_event>(*this);
  }
  incoming_files(const incoming_files&) = delete;
  incoming_files& operator=(const incoming_files&) = delete;

  /// Whether a file is being received now.
  bool busy() const {
    return std::any_of(files_.begin(), files_.end(),
                       [](const incoming& file) { return file.receiver != nullptr; });
  }

  /// Whether an acceptance will be sent once a file is hashed.
  bool is_hashing() const {
    return std::any_of(files_.begin(), files_.end(),
                       [](const incoming& file) { return file.hasher != nullptr; });
  }

  // What the core calls when a message has come.

  void handle(const file_offer_event& message) {
    if (is_one_too_many(message.from)) return reject_unasked(message);
    const auto where = offers_.insert(offers_.end(), {message, 0, {}});
    where->question = questions_.ask(
        {.what = message.from + " wants to send you \"" + message.file.value() + "\" (" +
                 transfer::to_size(message.size.value()) + ").",
         .ask = "Accept?",
         .name = "Accept from " + message.from + ": " + questions::short_name(message.file.value()),
         .answered = [this, where](bool yes) { answer(take(where), yes); }});
    where->shown = client_.mark();
  }

  /// The sender of this offer has cancelled it, or has left; maybe the offer is not one of these.
  void cancel(const file_cancel_event& message) {
    const auto found = std::find_if(offers_.begin(), offers_.end(), [&](const open_offer& other) {
      return other.offer.transfer == message.transfer;
    });
    if (found == offers_.end()) return;
    const auto gone = take(found);
    client_.show(message.from + " no longer offers " + gone.file.value());
    // A line that names this file may have meant the one that is gone.
    for (open_offer& other : offers_)
      if (other.offer.file == gone.file) other.shown = client_.mark();
  }

 private:
  // An offer that waits for the user's answer.
  struct open_offer {
    file_offer_event offer;
    std::uint64_t question;     // its number
    client_core::moment shown;  // a line that was begun before does not mean this offer
  };
  using offer_list = std::list<open_offer>;

  // A file that was accepted: the part that is here is hashed, then the rest is received.
  struct incoming {
    file_offer_event offer;
    transfer::partial_file partial;
    std::filesystem::path kept;  // its place in the inbox, in the end
    std::unique_ptr<transfer::file_hasher> hasher;
    std::unique_ptr<transfer::file_receiver> receiver;
    transfer::progress_meter progress;
    bool is_told = false;  // the user knows how it ended
  };
  using file_list = std::list<incoming>;

  // Offers.

  bool is_one_too_many(const std::string& sender) const {
    const auto of_sender = std::count_if(
        offers_.begin(), offers_.end(),
        [&](const open_offer& other) { return folded(other.offer.from) == folded(sender); });
    return offers_.size() >= most_offers ||
           static_cast<std::size_t>(of_sender) >= most_of_one_sender;
  }

  // Told once until an offer is answered, so that a flood of offers is not a flood of lines.
  void reject_unasked(const file_offer_event& offer) {
    if (!client_.finished()) client_.send_unasked(file_reject{offer.transfer});
    if (std::exchange(told_of_rejected_, true)) return;
    client_.show("Too many offers wait for your answer. More of them, as \"" + offer.file.value() +
                     "\" of " + offer.from + ", are refused until you answer one.",
                 look::failure);
  }

  // Takes an offer from the list; its question needs no answer any more.
  file_offer_event take(offer_list::iterator where) {
    questions_.withdraw(where->question);
    auto taken = std::move(where->offer);
    offers_.erase(where);
    told_of_rejected_ = false;
    return taken;
  }

  void run_answer(bool yes, std::string_view rest) {
    const std::string file = unquoted(rest);
    const auto where = file.empty() ? find_asked() : find_named(file);
    if (where == offers_.end())
      return client_.show("no such file is offered to you", look::failure);
    if (!file.empty() && std::count_if(where, offers_.end(), has_name(file)) > 1)
      return client_.show("several offers have this name: answer each with Y or N", look::failure);
    if (where->question == questions_.answered_by_this_line() && questions_.asks_again()) return;
    if (!file.empty() && client_.was_begun_before(where->shown))
      return client_.show("You began to type this before " + where->offer.from + " offered " +
                              file + ". Type it again if you mean that file.",
                          look::failure);
    answer(take(where), yes);
  }

  // The offer that the user was asked about before this line was typed.
  offer_list::iterator find_asked() {
    const auto asked = questions_.answered_by_this_line();
    return std::find_if(offers_.begin(), offers_.end(),
                        [&](const open_offer& other) { return other.question == asked; });
  }

  offer_list::iterator find_named(const std::string& file) {
    return std::find_if(offers_.begin(), offers_.end(), has_name(file));
  }

  static std::function<bool(const open_offer&)> has_name(const std::string& file) {
    return [file](const open_offer& other) { return other.offer.file.value() == file; };
  }

  void answer(const file_offer_event& offer, bool yes) {
    if (!yes) return reject(offer);
    if (is_coming(offer)) {
      client_.show("this file is on its way already", look::failure);
      return reject(offer);
    }
    try {
      receive(offer);
    } catch (const std::system_error& failure) {
      client_.show(offer.file.value() + " cannot be received: " + failure.what(), look::failure);
      reject(offer);
    }
  }

  void reject(const file_offer_event& offer) { client_.request(file_reject{offer.transfer}); }

  bool is_coming(const file_offer_event& offer) const {
    return std::any_of(files_.begin(), files_.end(), [&](const incoming& file) {
      return !file.is_told && file.offer.sha256 == offer.sha256 &&
             folded(file.offer.from) == folded(offer.from);
    });
  }

  // Receiving.

  // Hashes what is here from an earlier try, then accepts the rest.
  void receive(const file_offer_event& offer) {
    auto partial = inbox_.open_partial(
        {offer.sha256.value(), offer.size.value(), folded(offer.from)}, still_to_come());
    const auto where =
        files_.insert(files_.end(), incoming{offer,
                                             std::move(partial),
                                             {},
                                             nullptr,
                                             nullptr,
                                             transfer::progress_meter(offer.file.value())});
    where->hasher = std::make_unique<transfer::file_hasher>(
        loop_, where->partial.file.get(), where->partial.size,
        [this, where](program::sha256 hash, std::error_code error) {
          loop_.retire(std::move(where->hasher));
          if (error) return give_up(where, error.message());
          start(where, std::move(hash));
        });
  }

  // The bytes that accepted files have yet to receive. They are not written, so the file system
  // counts their space as free.
  std::uint64_t still_to_come() const {
    std::uint64_t sum = 0;
    for (const incoming& file : files_) {
      struct stat status {};
      if (file.is_told || ::fstat(file.partial.file.get(), &status) == -1) continue;
      sum += file.offer.size.value() - static_cast<std::uint64_t>(status.st_size);
    }
    return sum;
  }

  // Before the offer is accepted: the sender does not connect.
  void give_up(file_list::iterator where, const std::string& failure) {
    reject(where->offer);
    end(where, {failure, false});
  }

  void start(file_list::iterator where, program::sha256 hash) {
    const auto token = secret_token::from(program::random_token());
    const auto offset = file_size::from(where->partial.size);
    try {
      where->receiver = std::make_unique<transfer::file_receiver>(
          loop_, same_address_any_port(), where->partial.file.get(),
          transfer::expected_file{where->offer.transfer, token->value(), where->offer.size.value(),
                                  where->partial.size, where->offer.sha256.value(),
                                  std::move(hash)},
          transfer::file_receiver::handlers{
              .progress = [this, where](std::uint64_t bytes) { show_progress(*where, bytes); },
              .done = [this,
                       where](const transfer::received_file& result) { tell(*where, result); },
              .keep = [this, where] { return keep(*where); },
              .gone = [this, where] { remove(where); }});
    } catch (const std::system_error& failure) {
      return give_up(where, failure.what());
    }
    client_.show("Receiving " + where->offer.file.value() + " from " + where->offer.from + " ...");
    const auto id = client_.request(file_accept{
        where->offer.transfer, {}, *port_number::from(where->receiver->port()), *token, offset});
    client_.on_answer<ok>(id, [this, transfer = where->offer.transfer](const ok* done) {
      if (done == nullptr) stop_waiting_for(transfer);
    });
  }

  // The server has refused the `file_accept`, so no sender will connect.
  void stop_waiting_for(const std::string& transfer) {
    const auto where = std::find_if(files_.begin(), files_.end(), [&](const incoming& file) {
      return file.receiver != nullptr && !file.receiver->is_whole() && !file.is_told &&
             file.offer.transfer == transfer;
    });
    if (where != files_.end()) end(where, {"the offer is gone", false});
  }

  // Peers reach this client at the address at which it is connected to the server.
  jalon::endpoint same_address_any_port() const {
    return jalon::endpoint::ip(host_.local.address(), 0).value_or(jalon::endpoint::loopback(0));
  }

  void show_progress(incoming& file, std::uint64_t bytes) {
    const auto line = file.progress.tell(bytes, file.offer.size.value(), loop_.now());
    if (line) host_.progress(*line);
  }

  // On the thread that hashes; the loop's reads `kept` after that thread has ended.
  std::error_code keep(incoming& received) const {
    try {
      received.kept = inbox_.keep(received.partial, received.offer.file.value());
      return {};
    } catch (const std::system_error& failure) {
      return failure.code();
    }
  }

  void end(file_list::iterator where, const transfer::received_file& result) {
    // First of all: it may be hashing the file, which `tell` closes.
    if (where->receiver) where->receiver->stop();
    tell(*where, result);
    remove(where);
  }

  // The receiver uses the file no more. Its sender may still be connected, to be told too.
  void tell(incoming& file, const transfer::received_file& result) {
    file.is_told = true;
    host_.progress({});
    const std::string& name = file.offer.file.value();
    if (result.failure.empty())
      client_.show(name + " saved in " + file.kept.string());
    else
      client_.show(name + " was not received: " + result.failure, look::failure);
    if (result.content_wrong || result.failure.empty())
      transfer::discard(file.partial);
    else if (!result.failure.empty())
      transfer::discard_if_empty(file.partial);
    file.partial.file.reset();  // unlocked: the same content may be offered again
  }

  void remove(file_list::iterator where) {
    // At the end of the turn: the receiver is on the call stack. Until it is gone its sender may
    // still be heard, but its handlers use the place in the list.
    loop_.retire(std::make_unique<incoming>(std::move(*where)));
    files_.erase(where);
    host_.idle();
  }

  jalon::reactor& loop_;
  client_core& client_;
  questions& questions_;
  const file_host& host_;
  transfer::inbox inbox_;
  offer_list offers_;  // not answered yet
  bool told_of_rejected_ = false;
  file_list files_;
};

}  // namespace chat
