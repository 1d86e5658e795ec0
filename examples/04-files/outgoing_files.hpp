// The files that a user offers: hashed, offered, and sent to where the receiver waits. The bytes
// move in transfer/file_sender.hpp. Chapter: tutorial/04-files.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
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
#include <jalon/unique_fd.hpp>

#include "chat/client_core.hpp"
#include "file_host.hpp"
#include "messages.hpp"
#include "questions.hpp"
#include "transfer/address_scope.hpp"
#include "transfer/file_hasher.hpp"
#include "transfer/file_sender.hpp"
#include "transfer/progress_meter.hpp"

namespace chat {

/// The offers of this user, and their files on the way.
class outgoing_files {
 public:
  /// Registers `/send` and its messages with @p client. All of these outlive it.
  outgoing_files(jalon::reactor& loop, client_core& client, questions& asked, const file_host& host)
      : loop_(loop), client_(client), questions_(asked), host_(host) {
    client.add_command("send", {"/send NICK \"PATH\"", "offer a file to a user",
                                [this](std::string_view rest) { run_send(rest); }});
    client.handle_messages<file_accept_event, file_reject_event>(*this);
  }
  outgoing_files(const outgoing_files&) = delete;
  outgoing_files& operator=(const outgoing_files&) = delete;

  /// Whether a file is being sent now.
  bool busy() const {
    return std::any_of(files_.begin(), files_.end(),
                       [](const outgoing& file) { return file.sender != nullptr; });
  }

  /// Whether an offer will be made once a file is hashed.
  bool is_hashing() const {
    return std::any_of(files_.begin(), files_.end(),
                       [](const outgoing& file) { return file.hasher != nullptr; });
  }

  // What the core calls when a message has come.

  void handle(const file_accept_event& message) {
    const auto where = find_offered(message.transfer);
    if (where == files_.end()) return;
    where->answered = true;
    where->to = message.from;
    client_.show(where->to + " accepted " + where->name);
    const auto at = reachable(message);
    if (!at || message.offset.value() > where->size)
      return end(where, "the answer is no part of the protocol");
    where->at = *at;
    where->first_line = {message.transfer, message.token.value(), message.offset};
    check_address(where);
  }

  void handle(const file_reject_event& message) {
    const auto where = find_offered(message.transfer);
    if (where == files_.end()) return;
    client_.show(message.from + " refused " + where->name);
    files_.erase(where);
  }

  /// The receiver of this offer has cancelled it, or has left; maybe the offer is not one of these.
  void cancel(const file_cancel_event& message) {
    const auto where = find_offered(message.transfer);
    if (where == files_.end()) return;
    client_.show(message.from + " has gone: " + where->name + " was not sent");
    files_.erase(where);
  }

 private:
  // A file of this user: it is hashed, then offered, then sent.
  struct outgoing {
    std::string to;
    std::string name;
    std::string content;   // its hash
    std::string transfer;  // empty before it is offered
    std::uint64_t size = 0;
    bool answered = false;  // messages about it are ignored from now on
    jalon::unique_fd file;
    std::unique_ptr<transfer::file_hasher> hasher;
    jalon::endpoint at;  // where the receiver waits
    file_send first_line;
    std::unique_ptr<transfer::file_sender> sender;
    transfer::progress_meter progress;
  };
  using list = std::list<outgoing>;

  // Offering.

  void run_send(std::string_view rest) {
    const auto [to, quoted] = split_word(rest);
    const std::string path = unquoted(quoted);
    if (to.empty() || path.empty()) return client_.show_usage("send");
    const auto nick = client_.checked<nickname>(to);
    if (!nick) return;
    auto file = transfer::open_to_send(path);
    struct stat status {};
    if (!file && errno == 0) return client_.show(path + " is no file", look::failure);
    if (!file || ::fstat(file.get(), &status) == -1) return fail(path, errno);
    const auto name = std::filesystem::path(path).filename().string();
    if (!file_name::from(name))
      return client_.show(path + " has a name that cannot be sent", look::failure);
    hash_then_offer({.to = std::string(nick->value()),
                     .name = name,
                     .content = {},
                     .transfer = {},
                     .size = static_cast<std::uint64_t>(status.st_size),
                     .file = std::move(file),
                     .hasher = nullptr,
                     .at = {},
                     .first_line = {},
                     .sender = nullptr,
                     .progress = transfer::progress_meter(name)});
  }

  void hash_then_offer(outgoing file) {
    const auto where = files_.insert(files_.end(), std::move(file));
    where->hasher = std::make_unique<transfer::file_hasher>(
        loop_, where->file.get(), where->size,
        [this, where](program::sha256 hash, std::error_code error) {
          loop_.retire(std::move(where->hasher));
          where->content = hash.finish();
          if (!error) return send_offer(where);
          fail(where->name, error.value());
          files_.erase(where);
          client_.run_typed_lines();
        });
  }

  void send_offer(list::iterator where) {
    const auto to = nickname::from(where->to);
    const auto name = file_name::from(where->name);
    const auto size = file_size::from(where->size);
    const auto sha256 = sha256_hex::from(where->content);
    const auto id = client_.send(file_offer{*to, *name, *size, *sha256});
    client_.on_answer<file_offered>(id, [this, where](const file_offered* offered) {
      if (offered != nullptr)
        where->transfer = offered->transfer;
      else
        files_.erase(where);
    });
  }

  // Where the receiver listens. A link-local address is one of the link to the server; a scope that
  // comes with it is an interface of another host.
  std::optional<jalon::endpoint> reachable(const file_accept_event& message) const {
    const auto at = jalon::endpoint::ip(message.address.substr(0, message.address.find('%')),
                                        static_cast<std::uint16_t>(message.port.value()));
    if (!at) return std::nullopt;
    return at->with_scope_of(host_.local);
  }

  // Where to send it. The receiver names an address, and could name that of anybody else: a service
  // of this machine, or of the user's own network, that trusts whoever connects from here.

  // No receiver is nearer than the chat's server. On loopback all users are on this machine, so
  // there is nobody else to be named. Elsewhere the server knows where each user is.
  void check_address(list::iterator where) {
    const auto scope = transfer::scope_of(where->at);
    if (scope == transfer::address_scope::none)
      return end(where, where->at.address() + " is not the address of a machine");
    if (scope < nearest_scope())
      return end(where, where->at.address() +
                            " is an address of your own machine or network, and the server is "
                            "not there");
    if (scope == transfer::address_scope::loopback) return start(where);
    compare_address(where);
  }

  transfer::address_scope nearest_scope() const {
    const auto scope = transfer::scope_of(host_.server);
    return scope == transfer::address_scope::none ? transfer::address_scope::global : scope;
  }

  void compare_address(list::iterator where) {
    const std::string nick = where->to;
    const auto checked = nickname::from(nick);
    if (!checked) return end(where, "the receiver has no nick");
    if (client_.finished()) return end(where, "the server can't be asked any more where they are");
    const auto id = client_.send(whois{*checked});
    client_.on_answer<user_info>(id, [this, where](const user_info* receiver) {
      const std::string known = receiver != nullptr ? receiver->address : std::string();
      if (transfer::is_same_address(known, where->at.address())) return start(where);
      confirm_address(where, known);
    });
  }

  void confirm_address(list::iterator where, const std::string& known) {
    const bool has_other = jalon::endpoint::ip(known, 0).has_value();
    questions_.ask({.what = where->to + " waits for " + where->name + " at " +
                            where->at.to_string() +
                            (has_other ? ", but is in the chat from " + known + '.'
                                       : ". The server did not say whether this is their address."),
                    .ask = "Send it there?",
                    .name = "Send to " + where->to + ": " + questions::short_name(where->name),
                    .answered = [this, where](bool yes) {
                      if (yes) return start(where);
                      end(where, "you did not want to send it there");
                    }});
  }

  // Sending.

  void start(list::iterator where) {
    client_.show("Connecting to " + where->to + " at " + where->at.to_string());
    client_.show("Sending " + where->name + " to " + where->to + " ...");
    where->sender = std::make_unique<transfer::file_sender>(
        loop_, where->at, transfer::file_to_send{where->file.get(), where->size, where->content},
        where->first_line,
        transfer::file_sender::handlers{
            .progress =
                [this, where](std::uint64_t bytes) {
                  const auto line = where->progress.tell(bytes, where->size, loop_.now());
                  if (line) host_.progress(*line);
                },
            .done = [this, where](const std::string& failure) { end(where, failure); }});
  }

  void end(list::iterator where, const std::string& failure) {
    if (failure.empty())
      client_.show(where->to + " has received " + where->name);
    else
      client_.show(where->name + " was not sent: " + failure, look::failure);
    const bool was_moving = where->sender != nullptr;
    if (was_moving) loop_.retire(std::move(where->sender));
    files_.erase(where);
    if (!was_moving) return;
    host_.progress({});
    host_.idle();
  }

  void fail(const std::string& path, int error) {
    client_.show(path + ": " + std::system_category().message(error), look::failure);
  }

  // Our offer that waits for its answer.
  list::iterator find_offered(const std::string& transfer) {
    return std::find_if(files_.begin(), files_.end(), [&](const outgoing& file) {
      return file.transfer == transfer && !transfer.empty() && !file.answered;
    });
  }

  jalon::reactor& loop_;
  client_core& client_;
  questions& questions_;
  const file_host& host_;
  list files_;
};

}  // namespace chat
