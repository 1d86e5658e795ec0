// What a user does with files: offers, accepts and rejects them, and sees how they progress. A unit
// made of two: outgoing_files.hpp and incoming_files.hpp. Chapter: tutorial/04-files.
#pragma once

#include <functional>
#include <utility>

#include <jalon/reactor.hpp>

#include "chat/client_core.hpp"
#include "file_host.hpp"
#include "incoming_files.hpp"
#include "messages.hpp"
#include "outgoing_files.hpp"
#include "questions.hpp"
#include "transfer/inbox.hpp"

namespace chat {

/// The client's side of file transfers, a unit of the client's core.
class file_commands {
 public:
  /// Registers its commands with @p client, which outlives it, as the loop does.
  file_commands(jalon::reactor& loop, client_core& client, transfer::inbox files, file_host host)
      : host_(std::move(host)),
        idle_(std::exchange(host_.idle, [this] { tell_if_idle(); })),
        questions_(loop, client, host_.reading_time),
        outgoing_(loop, client, questions_, host_),
        incoming_(loop, client, questions_, host_, std::move(files)) {
    client.delay_finish_while([this] { return outgoing_.is_hashing() || incoming_.is_hashing(); });
    client.handle_messages<file_cancel_event>(*this);
  }
  file_commands(const file_commands&) = delete;
  file_commands& operator=(const file_commands&) = delete;

  /// Whether a file is being sent or received now.
  bool busy() const { return outgoing_.busy() || incoming_.busy(); }

  // What the core calls when a message has come: either of the two users may cancel an offer.
  void handle(const file_cancel_event& message) {
    outgoing_.cancel(message);
    incoming_.cancel(message);
  }

 private:
  void tell_if_idle() {
    if (!busy()) idle_();
  }

  file_host host_;  // its `idle` is called when one of the files has ended
  std::function<void()> idle_;
  questions questions_;
  outgoing_files outgoing_;
  incoming_files incoming_;
};

}  // namespace chat
