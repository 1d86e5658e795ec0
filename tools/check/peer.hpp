// One end of a conversation with the graded program: sends bytes, records what arrives, and states
// expectations about it. Derived classes know what the bytes mean: a client (user.hpp), the server
// of a client (host.hpp), and the user at a client's terminal (console.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/reactor.hpp>

#include "channel.hpp"
#include "common/faults.hpp"
#include "common/text.hpp"
#include "result.hpp"

namespace check {

class stage;

/// Thrown by an expectation that is not met.
struct failure {
  catalogue_text expected;
  catalogue_text actual;
  std::string who = {};
  std::optional<std::size_t> event = {};  ///< the event with the wrong byte, if there is one
  std::size_t offset = 0;                 ///< the offset of that byte in the event
};

/// Thrown when a check cannot be judged.
struct cannot_judge {
  catalogue_text why;
};

/// One end of a conversation with the graded program.
///
/// Everything that arrives is added to the story at once. The expectations run the loop until they
/// are met, for at most the stage's patience, and then throw a `failure`.
///
/// The mark is a position in what was received; expectations look only at what came after it.
/// Each `sends` moves the mark to the end.
class peer {
 public:
  /// Starts reading. @param stage outlives the peer
  peer(stage& stage, std::string name, channel channel);
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  virtual ~peer() = default;

  /// The name in the story: "alice".
  const std::string& name() const noexcept { return name_; }
  /// The port of this end, 0 if it has none.
  std::uint16_t port() const noexcept { return port_; }
  /// The port of the program's end, 0 if it has none.
  std::uint16_t program_port() const noexcept { return program_port_; }

  // What a peer does.

  /// Injects faults into what is sent from now on: `random 5` cuts it anywhere. See `tools::apply`.
  void inject_faults(std::string_view spec);
  /// Sends bytes, with one call of `send` unless faults are injected.
  void sends(std::string_view bytes, std::string label = {});
  void half_closes();  ///< shuts down the write side
  void closes();       ///< closes the connection
  void resets();       ///< closes the connection with a reset
  void stops_reading();
  void reads_again();
  /// Sets the mark to the end of what was received.
  void mark() { mark_ = received_.size(); }

  // What a peer expects.

  /// Receives @p word.
  void hears(std::string_view word);
  /// Receives all @p words, in their order.
  void hears_in_order(const std::vector<std::string>& words);
  /// Receives exactly these bytes next.
  void gets(std::string_view bytes);
  /// The program closes this connection.
  void is_disconnected();

  // What is known.

  /// What was received after the mark.
  std::string_view heard() const { return std::string_view(received_).substr(mark_); }
  /// Everything that was received.
  const std::string& received() const noexcept { return received_; }
  /// Whether the kernel has accepted everything that was to be sent.
  bool all_sent() const noexcept { return outgoing_.size() == 0; }
  /// Whether the kernel still holds bytes, because the program's receive buffer is full.
  bool has_unsent_bytes() const { return channel_.unsent_bytes() > 0; }
  /// The number of bytes that the kernel has accepted.
  std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
  /// Whether the program has closed or reset the connection.
  bool is_gone() const noexcept { return ended_; }
  /// What the checker itself knows of this connection.
  connection_evidence state() const { return state_; }
  /// Sets the event and offset of @p wrong to where byte @p offset of all received bytes is.
  void locate(failure& wrong, std::size_t offset) const;

 protected:
  /// Makes the program handle one more message, which may release an answer that it held back.
  virtual void send_probe() {}
  /// Whether what it sends are messages of the dialect.
  virtual bool sends_messages() const { return false; }
  /// Called when bytes have arrived.
  virtual void on_received() {}
  /// Called when the program has closed or reset the connection.
  virtual void on_ended() {}

  /// Sends each piece by itself, after the program has read the piece before it.
  /// @return whether the program sent anything before the last piece was sent
  bool send_pieces(const std::vector<std::string>& pieces, const std::string& label);
  /// Waits for @p word after the mark. @return whether it arrived
  bool wait_for(std::string_view word);
  /// Notes where a text that arrived in part was cut: at a zero, a blank, a quotation mark, ...
  void note_if_cut(std::string_view text);
  /// Describes what was received after the mark.
  catalogue_text describe_received() const;
  /// @throws failure, with the wrong byte at @p offset of all received bytes
  [[noreturn]] void fail(catalogue_text expected, std::optional<std::size_t> offset = {});
  /// Sets the mark to @p offset of all received bytes.
  void mark_at(std::size_t offset) { mark_ = offset; }
  std::size_t mark_offset() const noexcept { return mark_; }

  stage& stage_;
  connection_evidence state_;

 private:
  struct arrival {
    std::size_t event;
    std::size_t begin;
  };

  void watch_channel();
  void read();
  void flush();
  void update_interest();
  void handle_end();
  void follow_messages(std::string_view sent);
  void note_if_held_back(const std::string& word);

  std::string name_;
  channel channel_;
  jalon::reactor::watch_type watch_;
  jalon::reactor::watch_type write_watch_;  // for a channel with separate descriptors
  std::uint16_t port_ = 0;
  std::uint16_t program_port_ = 0;
  std::string received_;
  std::vector<arrival> arrivals_;
  std::size_t mark_ = 0;
  tools::faults faults_;
  tools::faulty_stream outgoing_;
  jalon::reactor::timer_type next_piece_;
  bool is_full_ = false;  // the last write would have blocked
  std::string label_;
  std::uint64_t sent_bytes_ = 0;
  std::string unfinished_;  // the part of a message that was sent without its end
  bool ended_ = false;
};

}  // namespace check
