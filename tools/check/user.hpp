// A user as the checks see one: somebody who says things, and hears words.
// What a message looks like is the dialect's; whether it was right is the check's.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/reactor.hpp>
#include <jalon/socket.hpp>

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

/// One connection to the graded program, and who sits there.
///
/// Whatever comes is written into the story when it comes. The expectations wait, within the
/// stage's patience, and throw a `failure`.
class user {
 public:
  user(stage& on, std::string name, std::string nick, jalon::stream_socket socket);
  user(const user&) = delete;
  user& operator=(const user&) = delete;
  ~user() = default;

  /// The name in the story: "alice".
  const std::string& name() const noexcept { return name_; }
  /// The nick on the wire: random, so that it is found wherever it stands.
  const std::string& nick() const noexcept { return nick_; }
  /// The port of this end.
  std::uint16_t port() const noexcept { return port_; }

  // What a user does.

  /// Asks for something in the graded program's dialect, with one `send`.
  void asks(const std::string& request, tools::arguments values = {});
  /// Sends the bytes of an attack. @throws cannot_judge if the dialect has no such thing
  void attacks(const std::string& name, tools::arguments values = {});
  /// Sends bytes with one `send`.
  void sends(std::string_view bytes, std::string label = {});
  /// Sends each piece by itself, and goes on when the program has read it.
  void sends_in_pieces(const std::vector<std::string>& pieces, const std::string& label = {});
  /// The bytes that `asks` would send.
  std::string bytes_of(const std::string& request, tools::arguments values = {}) const;
  /// Takes a nick, and is served.
  void takes_nick(const std::string& nick);
  /// Sends half of a message and leaves it at that.
  void sends_half_a_message();
  void half_closes();  ///< says that no more will be sent
  void closes();       ///< leaves without a word
  void resets();       ///< cuts the connection
  void stops_reading();
  void reads_again();

  // What a user expects.

  /// Hears @p word, sooner or later.
  void hears(std::string_view word);
  /// Hears all @p words, each once, in their order.
  void hears_in_order(const std::vector<std::string>& words);
  /// Gets exactly these bytes next.
  void gets(std::string_view bytes);
  /// Gets an answer of any kind; one with the dialect's word, if it has one for this refusal.
  void is_told(const std::string& refusal = {});
  /// Has not heard @p word, also after one more message came through.
  void never_hears(std::string_view word);
  /// Hears @p word exactly once.
  void hears_once(std::string_view word);
  /// The server answers this user at all.
  void is_served();
  /// The same, without a failure. @return whether it was so within @p limit
  bool is_served_within(std::chrono::milliseconds limit);
  /// The server closes this connection.
  void is_let_go();

  // What is known.

  /// All that came since the last `asks`, `attacks` or `sends`.
  std::string_view heard() const { return std::string_view(received_).substr(mark_); }
  /// All that ever came.
  const std::string& received() const noexcept { return received_; }
  /// Whether all that was to be sent is with the system.
  bool all_sent() const noexcept { return outgoing_.empty(); }
  /// How many bytes of it.
  std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
  /// Whether the server has closed or cut the connection.
  bool is_gone() const noexcept { return ended_; }
  /// What the checker knows of this connection.
  connection_evidence state() const;

  /// Where @p offset of all that came stands in the story.
  void point_at(failure& wrong, std::size_t offset) const;

 private:
  friend stage;
  struct arrival {
    std::size_t event;
    std::size_t begin;
  };

  void read();
  void flush();
  void lose();
  said what_came() const;
  [[noreturn]] void fail(said due, std::optional<std::size_t> offset = {});
  void look_for_held_back(const std::string& word);
  bool ping(std::chrono::milliseconds limit);

  stage& stage_;
  std::string name_;
  std::string nick_;
  jalon::stream_socket socket_;
  jalon::reactor::watch_type watch_;
  std::uint16_t port_;
  std::string received_;
  std::vector<arrival> arrivals_;
  std::size_t mark_ = 0;
  std::string outgoing_;
  std::string label_;
  std::uint64_t sent_bytes_ = 0;
  bool ended_ = false;
  bool has_nick_ = false;
  connection_evidence state_;
};

}  // namespace check
