// A user as the checks see one: somebody who says things to a graded server, and hears words.
// What a message looks like is the dialect's; whether it was right is the check's.
#pragma once

#include "peer.hpp"

namespace check {

/// A client of the graded server, and who sits there.
class user : public peer {
 public:
  /// @param nick is taken when a check says so
  user(stage& on, std::string name, std::string nick, jalon::stream_socket socket)
      : peer(on, std::move(name), channel(std::move(socket))), nick_(std::move(nick)) {}

  /// The nick on the wire: random, so that it is found wherever it stands.
  const std::string& nick() const noexcept { return nick_; }

  // What a user does.

  /// Asks for something in the graded program's dialect, with one `send`.
  void asks(const std::string& request, tools::arguments values = {});
  /// Sends the bytes of an attack. @throws cannot_judge if the dialect has no such thing
  void attacks(const std::string& name, tools::arguments values = {});
  /// Sends each piece by itself, and goes on when the program has read it.
  void sends_in_pieces(const std::vector<std::string>& pieces, const std::string& label = {});
  /// The bytes that `asks` would send.
  std::string bytes_of(const std::string& request, tools::arguments values = {}) const;
  /// Takes a nick, and is served.
  void takes_nick(const std::string& nick);
  /// Sends half of a message and leaves it at that.
  void sends_half_a_message();

  // What a user expects.

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

 private:
  void nudge() override;

  std::string nick_;
};

}  // namespace check
