// What a user does with files: offers, accepts and rejects them, and sees how they progress. The
// bytes move in transfer/file_sender.hpp and transfer/file_receiver.hpp; where they are stored is
// decided in transfer/inbox.hpp. Chapter: tutorial/04-files.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/endpoint.hpp>
#include <jalon/reactor.hpp>
#include <jalon/unique_fd.hpp>

#include "chat/client_core.hpp"
#include "messages.hpp"
#include "program/random_token.hpp"
#include "transfer/file_hasher.hpp"
#include "transfer/file_receiver.hpp"
#include "transfer/file_sender.hpp"
#include "transfer/inbox.hpp"
#include "transfer/progress_meter.hpp"

namespace chat {

/// The client's side of file transfers, a unit of the client's core.
class file_commands {
 public:
  /// What it needs of the program, besides the core.
  struct program_side {
    jalon::endpoint local;  ///< where this client is, as the server's peer
    /// Shows how far a file is, at a terminal; an empty line removes what was shown.
    std::function<void(const std::string& line)> progress;
    std::function<void()> idle;  ///< no file is moving any more
  };

  /// Registers its commands with @p client, which outlives it, as the loop does.
  file_commands(jalon::reactor& loop, client_core& client, transfer::inbox files,
                program_side program)
      : loop_(loop), client_(client), inbox_(std::move(files)), program_(std::move(program)) {
    client.add_command("send", {"/send NICK \"PATH\"", "offer a file to a user",
                                [this](std::string_view rest) { run_send(rest); }});
    client.add_command("accept", {"/accept [FILE]", "take a file that was offered (also: Y)",
                                  [this](std::string_view rest) { run_accept(rest); }});
    client.add_command("reject", {"/reject [FILE]", "refuse a file that was offered (also: N)",
                                  [this](std::string_view rest) { run_reject(rest); }});
    client.on_plain_line([this](std::string_view line) { return run_yes_or_no(line); });
    client.delay_finish_while([this] { return is_hashing(); });
    client.handle_messages<file_offer_event, file_accept_event>(*this);
    client.handle_messages<file_reject_event, file_cancel_event>(*this);
  }
  file_commands(const file_commands&) = delete;
  file_commands& operator=(const file_commands&) = delete;

  /// Whether a file is being sent or received now.
  bool busy() const {
    const auto sends = [](const outgoing& file) { return file.sender != nullptr; };
    const auto receives = [](const incoming& file) { return file.receiver != nullptr; };
    return std::any_of(outgoing_.begin(), outgoing_.end(), sends) ||
           std::any_of(incoming_.begin(), incoming_.end(), receives);
  }

  // What the core calls when a message has come.

  void handle(const file_offer_event& message) {
    if (message.transfer.size() > longest_transfer) return client_.lost_line();
    offers_.push_back(message);
    client_.show(message.from + " wants to send you \"" + message.file.value() + "\" (" +
                 transfer::to_size(message.size.value()) + "). Accept? [Y/N]");
  }

  void handle(const file_accept_event& message) {
    const auto where = find_offered(message.transfer);
    if (where == outgoing_.end()) return;
    where->to = message.from;  // the receiver may have changed nick
    client_.show(message.from + " accepted " + where->name);
    const auto at = reachable(message);
    if (!at || message.offset.value() > where->size)
      return end_sending(where, "the answer is no part of the protocol");
    client_.show("Sending " + where->name + " to " + where->to + " ...");
    where->sender = std::make_unique<transfer::file_sender>(
        loop_, *at, transfer::file_to_send{where->file.get(), where->size, where->content},
        file_send{message.transfer, message.token.value(), message.offset},
        transfer::file_sender::handlers{
            .progress =
                [this, where](std::uint64_t bytes) {
                  show_progress(where->progress, bytes, where->size);
                },
            .done = [this, where](const std::string& failure) { end_sending(where, failure); }});
  }

  void handle(const file_reject_event& message) {
    const auto where = find_offered(message.transfer);
    if (where == outgoing_.end()) return;
    client_.show(message.from + " refused " + where->name);
    outgoing_.erase(where);
  }

  void handle(const file_cancel_event& message) {
    const auto ours = find_offered(message.transfer);
    if (ours != outgoing_.end()) {
      client_.show(message.from + " has gone: " + ours->name + " was not sent");
      outgoing_.erase(ours);
    }
    const auto theirs = std::find_if(offers_.begin(), offers_.end(), [&](const auto& offered) {
      return offered.transfer == message.transfer;
    });
    if (theirs != offers_.end()) {
      client_.show(message.from + " no longer offers " + theirs->file.value());
      offers_.erase(theirs);
    }
  }

 private:
  // The longest name of a transfer that is accepted from a server: it must fit on our lines.
  static constexpr std::size_t longest_transfer = 128;

  // A file of this user: it is hashed, then offered, then sent.
  struct outgoing {
    std::string to;
    std::string name;
    std::string content;   // its hash
    std::string transfer;  // empty before it is offered
    std::uint64_t size = 0;
    jalon::unique_fd file;
    std::unique_ptr<transfer::file_hasher> hasher;
    std::unique_ptr<transfer::file_sender> sender;
    transfer::progress_meter progress;
  };
  // A file of another user that was accepted: the part that is here is hashed, then the rest is
  // received.
  struct incoming {
    file_offer_event offer;
    transfer::partial_file partial;
    std::unique_ptr<transfer::file_hasher> hasher;
    std::unique_ptr<transfer::file_receiver> receiver;
    transfer::progress_meter progress;
  };
  using outgoing_list = std::list<outgoing>;
  using incoming_list = std::list<incoming>;

  // Sending.

  void run_send(std::string_view rest) {
    const auto [to, quoted] = split_word(rest);
    const std::string path = unquoted(quoted);
    if (to.empty() || path.empty()) return client_.show_usage("send");
    const auto nick = client_.checked<nickname>(to);
    if (!nick) return;
    const auto name = std::filesystem::path(path).filename().string();
    jalon::unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) == -1) return fail(path, errno);
    if (!S_ISREG(status.st_mode)) return client_.show(path + " is no file", look::failure);
    if (!file_name::from(name))
      return client_.show(path + " has a name that cannot be sent", look::failure);
    hash_then_offer(outgoing{std::string(nick->value()),
                             name,
                             {},
                             {},
                             static_cast<std::uint64_t>(status.st_size),
                             std::move(file),
                             nullptr,
                             nullptr,
                             transfer::progress_meter(name)});
  }

  void hash_then_offer(outgoing file) {
    const auto where = outgoing_.insert(outgoing_.end(), std::move(file));
    where->hasher = std::make_unique<transfer::file_hasher>(
        loop_, where->file.get(), where->size,
        [this, where](program::sha256 hash, std::error_code error) {
          loop_.retire(std::move(where->hasher));
          where->content = hash.finish();
          if (!error) return send_offer(where);
          fail(where->name, error.value());
          outgoing_.erase(where);
          client_.run_typed_lines();
        });
  }

  void send_offer(outgoing_list::iterator where) {
    const auto to = nickname::from(where->to);
    const auto name = file_name::from(where->name);
    const auto size = file_size::from(where->size);
    const auto sha256 = sha256_hex::from(where->content);
    const auto id = client_.send(file_offer{*to, *name, *size, *sha256});
    client_.on_answer<file_offered>(id, [this, where](const file_offered* offered) {
      if (offered != nullptr)
        where->transfer = offered->transfer;
      else
        outgoing_.erase(where);
    });
  }

  // Where the receiver listens. A link-local address is one of the link to the server; a scope that
  // comes with it is an interface of another host.
  std::optional<jalon::endpoint> reachable(const file_accept_event& message) const {
    const auto at = jalon::endpoint::ip(message.address.substr(0, message.address.find('%')),
                                        static_cast<std::uint16_t>(message.port.value()));
    if (!at) return std::nullopt;
    return at->with_scope_of(program_.local);
  }

  void end_sending(outgoing_list::iterator where, const std::string& failure) {
    program_.progress({});
    if (failure.empty())
      client_.show(where->to + " has received " + where->name);
    else
      client_.show(where->name + " was not sent: " + failure, look::failure);
    loop_.retire(std::move(where->sender));
    outgoing_.erase(where);
    if (!busy()) program_.idle();
  }

  // Receiving.

  // The plain lines Y and N answer an offer, while one waits.
  bool run_yes_or_no(std::string_view line) {
    if (offers_.empty()) return false;
    if (line == "Y" || line == "y")
      run_accept({});
    else if (line == "N" || line == "n")
      run_reject({});
    else
      return false;
    return true;
  }

  // Takes the offer of this file from the list; if no file is named, the oldest offer.
  std::optional<file_offer_event> take_offer(std::string_view file) {
    const auto found = std::find_if(offers_.begin(), offers_.end(), [&](const auto& offered) {
      return file.empty() || offered.file.value() == file;
    });
    if (found == offers_.end()) {
      client_.show("no such file is offered to you", look::failure);
      return std::nullopt;
    }
    auto taken = std::move(*found);
    offers_.erase(found);
    return taken;
  }

  void run_reject(std::string_view file) {
    if (const auto offer = take_offer(unquoted(file))) refuse(*offer);
  }

  void refuse(const file_offer_event& offer) { client_.request(file_reject{offer.transfer}); }

  void run_accept(std::string_view file) {
    const auto offer = take_offer(unquoted(file));
    if (!offer) return;
    if (is_coming(offer->sha256)) {
      client_.show("this file is on its way already", look::failure);
      return refuse(*offer);
    }
    try {
      receive(*offer);
    } catch (const std::system_error& failure) {
      client_.show(offer->file.value() + " cannot be received: " + failure.what(), look::failure);
      refuse(*offer);
    }
  }

  bool is_coming(const sha256_hex& content) const {
    return std::any_of(incoming_.begin(), incoming_.end(),
                       [&](const incoming& file) { return file.offer.sha256 == content; });
  }

  // Hashes what is here from an earlier try, then accepts the rest.
  void receive(const file_offer_event& offer) {
    auto partial = inbox_.open_partial(offer.sha256.value(), offer.size.value());
    const auto where =
        incoming_.insert(incoming_.end(), incoming{offer, std::move(partial), nullptr, nullptr,
                                                   transfer::progress_meter(offer.file.value())});
    where->hasher = std::make_unique<transfer::file_hasher>(
        loop_, where->partial.file.get(), where->partial.size,
        [this, where](program::sha256 hash, std::error_code error) {
          loop_.retire(std::move(where->hasher));
          if (error) return give_up(where, error.message());
          start_receiving(where, std::move(hash));
        });
  }

  // Before the offer is accepted: the sender does not connect.
  void give_up(incoming_list::iterator where, const std::string& failure) {
    refuse(where->offer);
    end_receiving(where, {failure, false});
  }

  void start_receiving(incoming_list::iterator where, program::sha256 hash) {
    const auto token = secret_token::from(program::random_token());
    const auto offset = file_size::from(where->partial.size);
    try {
      where->receiver = std::make_unique<transfer::file_receiver>(
          loop_, same_address_any_port(), where->partial.file.get(),
          transfer::expected_file{where->offer.transfer, token->value(), where->offer.size.value(),
                                  where->partial.size, where->offer.sha256.value(),
                                  std::move(hash)},
          transfer::file_receiver::handlers{
              .progress =
                  [this, where](std::uint64_t bytes) {
                    show_progress(where->progress, bytes, where->offer.size.value());
                  },
              .done =
                  [this, where](const transfer::received_file& result) {
                    end_receiving(where, result);
                  }});
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
    const auto where = std::find_if(incoming_.begin(), incoming_.end(), [&](const incoming& file) {
      return file.offer.transfer == transfer;
    });
    if (where != incoming_.end()) end_receiving(where, {"the offer is gone", false});
  }

  // Peers reach this client at the address at which it is connected to the server.
  jalon::endpoint same_address_any_port() const {
    return jalon::endpoint::ip(program_.local.address(), 0).value_or(jalon::endpoint::loopback(0));
  }

  void end_receiving(incoming_list::iterator where, const transfer::received_file& result) {
    program_.progress({});
    if (result.failure.empty())
      keep(*where);
    else
      client_.show(where->offer.file.value() + " was not received: " + result.failure,
                   look::failure);
    if (result.content_wrong) transfer::inbox::discard(where->partial.path);
    loop_.retire(std::move(where->receiver));
    incoming_.erase(where);
    if (!busy()) program_.idle();
  }

  void keep(const incoming& received) {
    const std::string& name = received.offer.file.value();
    try {
      const auto path = inbox_.keep(received.partial.path, name);
      client_.show(name + " saved in " + path.string());
    } catch (const std::system_error& failure) {
      client_.show(name + " cannot be kept: " + failure.what(), look::failure);
    }
  }

  // Both.

  void show_progress(transfer::progress_meter& meter, std::uint64_t bytes, std::uint64_t size) {
    if (const auto line = meter.tell(bytes, size, loop_.now())) program_.progress(*line);
  }

  void fail(const std::string& path, int error) {
    client_.show(path + ": " + std::system_category().message(error), look::failure);
  }

  static std::string unquoted(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
      text = text.substr(1, text.size() - 2);
    return std::string(text);
  }

  // Whether an offer, or the answer to one, will be sent once a file is hashed.
  bool is_hashing() const {
    const auto hashing = [](const auto& file) { return file.hasher != nullptr; };
    return std::any_of(outgoing_.begin(), outgoing_.end(), hashing) ||
           std::any_of(incoming_.begin(), incoming_.end(), hashing);
  }

  // Our offer that waits for its answer. Once it is answered, messages about it are ignored.
  outgoing_list::iterator find_offered(const std::string& transfer) {
    return std::find_if(outgoing_.begin(), outgoing_.end(), [&](const outgoing& file) {
      return file.transfer == transfer && !transfer.empty() && file.sender == nullptr;
    });
  }

  jalon::reactor& loop_;
  client_core& client_;
  transfer::inbox inbox_;
  program_side program_;
  std::list<file_offer_event> offers_;  // to this user, not answered yet
  outgoing_list outgoing_;
  incoming_list incoming_;
};

}  // namespace chat
