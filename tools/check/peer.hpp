// One end of a conversation with the graded program: what is said there, what is heard, and when.
// Who sits there is not known here: a client (user.hpp), the server of a client (host.hpp), or
// somebody at its terminal (console.hpp).
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
  said due;
  said came;
  std::string who = {};
  std::optional<std::size_t> event = {};  ///< where the wrong byte is, if there is one
  std::size_t offset = 0;
};

/// Thrown where nothing can be said.
struct cannot_judge {
  said why;
};

/// Whoever talks to the graded program.
///
/// Whatever comes is written into the story when it comes. The expectations wait, within the
/// stage's patience, and throw a `failure`.
class peer {
 public:
  /// Listens from now on. @param on outlives it
  peer(stage& on, std::string name, channel through);
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  virtual ~peer() = default;

  /// The name in the story: "alice".
  const std::string& name() const noexcept { return name_; }
  /// The port of this end, 0 if it has none.
  std::uint16_t port() const noexcept { return port_; }
  /// The port of the program's end.
  std::uint16_t program_port() const noexcept { return program_port_; }

  // What a peer does.

  /// From now on, bends what is sent: `random 5` cuts it anywhere. See `tools::apply`.
  void bends(std::string_view words);
  /// Sends bytes, with one `send` if they are not bent.
  void sends(std::string_view bytes, std::string label = {});
  void half_closes();  ///< says that no more will be sent
  void closes();       ///< leaves without a word
  void resets();       ///< cuts the connection
  void stops_reading();
  void reads_again();
  /// Counts from here on what it hears.
  void attends() { mark_ = received_.size(); }

  // What a peer expects.

  /// Hears @p word, sooner or later.
  void hears(std::string_view word);
  /// Hears all @p words, each once, in their order.
  void hears_in_order(const std::vector<std::string>& words);
  /// Gets exactly these bytes next.
  void gets(std::string_view bytes);
  /// The program closes this connection.
  void is_let_go();

  // What is known.

  /// All that came since the last `sends`.
  std::string_view heard() const { return std::string_view(received_).substr(mark_); }
  /// All that ever came.
  const std::string& received() const noexcept { return received_; }
  /// Whether all that was to be sent is with the system.
  bool all_sent() const noexcept { return outgoing_.size() == 0; }
  /// Whether the system holds some of it back, for the program's end has no room.
  bool is_held_back() const { return channel_.held_back() > 0; }
  /// How many bytes of it.
  std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
  /// Whether the program has closed or cut the connection.
  bool is_gone() const noexcept { return ended_; }
  /// What the checker knows of this connection.
  connection_evidence state() const { return state_; }
  /// Where @p offset of all that came stands in the story.
  void point_at(failure& wrong, std::size_t offset) const;

 protected:
  /// Has one more message go through: what was held back may come with it.
  virtual void nudge() {}
  /// Bytes have come.
  virtual void came() {}
  /// The program has closed or cut the connection.
  virtual void left() {}

  /// Sends each piece by itself, and goes on when the program has read it.
  /// @return whether the program said anything before the last piece was sent
  bool send_pieces(const std::vector<std::string>& pieces, const std::string& label);
  /// Waits for @p word. @return whether it came
  bool awaits(std::string_view word);
  /// What has come since the last `sends`, to be said.
  said what_came() const;
  /// @throws failure, with the wrong byte at @p offset of all that came
  [[noreturn]] void fail(said due, std::optional<std::size_t> offset = {});
  /// From here on counts what is heard.
  void mark(std::size_t from) { mark_ = from; }
  std::size_t marked() const noexcept { return mark_; }

  stage& on() const noexcept { return stage_; }

  connection_evidence state_;

 private:
  struct arrival {
    std::size_t event;
    std::size_t begin;
  };

  void listen();
  void read();
  void flush();
  void wait_for_more();
  void lose();
  void look_for_held_back(const std::string& word);
  void look_for_cut_at_zero(std::string_view word);

  stage& stage_;
  std::string name_;
  channel channel_;
  jalon::reactor::watch_type watch_;
  jalon::reactor::watch_type room_;  // where what is written takes another way than what is read
  std::uint16_t port_ = 0;
  std::uint16_t program_port_ = 0;
  std::string received_;
  std::vector<arrival> arrivals_;
  std::size_t mark_ = 0;
  tools::faults how_;
  tools::bent_stream outgoing_;
  jalon::reactor::timer_type next_piece_;
  bool is_full_ = false;  // the system takes no more for now
  std::string label_;
  std::uint64_t sent_bytes_ = 0;
  bool ended_ = false;
};

}  // namespace check
