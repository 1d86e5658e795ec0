// A client of the graded server. The dialect says how its requests are encoded.
#pragma once

#include "peer.hpp"

namespace check {

/// A user of the graded server, with a connection of their own.
class user : public peer {
 public:
  /// @param nick the nick that `takes_nick` has to ask for; not taken yet
  user(stage& stage, std::string name, std::string nick, jalon::stream_socket socket)
      : peer(stage, std::move(name), channel(std::move(socket))), nick_(std::move(nick)) {}

  /// The nick on the wire. It is random, so that it can be found in any text.
  const std::string& nick() const noexcept { return nick_; }

  // What a user does.

  /// Sends a request, with one call of `send`. Waits before until the program has answered what
  /// was asked before: requests arrive together only where a check wants it.
  void asks(const std::string& request, tools::arguments values = {});
  /// Sends the bytes of an attack. @throws cannot_judge if the dialect does not define it
  void attacks(const std::string& name, tools::arguments values = {});
  /// Sends each piece by itself, after the program has read the piece before it.
  void sends_in_pieces(const std::vector<std::string>& pieces, const std::string& label = {});
  /// The bytes that `asks` would send.
  std::string bytes_of(const std::string& request, tools::arguments values = {}) const;
  /// Sends a message that the program sends back: an echo, or a message to oneself.
  void speaks(const std::string& text);
  /// The bytes that `speaks` would send. @throws cannot_judge if there is no such message
  std::string speech(const std::string& text) const;
  /// Asks for a nick, and expects an answer.
  void takes_nick(const std::string& nick);
  /// Sends the first half of a message.
  void sends_half_a_message();
  /// Sends the header of a message and the first half of its content. @throws cannot_judge if a
  /// message has no header
  void sends_half_a_content();
  /// Waits until the program has answered, and its answers are whole.
  void lets_answers_come();

  // What a user expects.

  /// Receives an answer: any answer, or the text that the dialect has for this @p refusal.
  void gets_answer(const std::string& refusal = {});
  /// Receives @p text: as these bytes, or in JSON as a string of this value, however it is escaped.
  void hears_text(const std::string& text);
  /// Sends a request. @return everything that arrived until the program had answered it
  std::string answer_to(const std::string& request, tools::arguments values = {});
  /// Has not received @p word, even after the answer to one more request.
  void never_hears(std::string_view word);
  /// Receives @p word exactly once.
  void hears_once(std::string_view word);
  /// Receives the answer to the stage's ping.
  void is_served();
  /// Sends the stage's ping. @return whether the answer arrived within @p limit
  bool is_served_within(std::chrono::milliseconds limit);

 private:
  void send_probe() override;
  bool answers_are_whole();
  bool has_heard_text(const std::string& text) const;
  bool sends_messages() const override { return true; }
  std::string label_of(const std::string& request, const tools::arguments& values) const;
  void note_cuts(const std::vector<std::string>& pieces);

  std::string nick_;
  std::size_t whole_until_ = 0;  // of all received bytes: the end of the last whole message
  bool is_framed_ = true;        // the answers have the dialect's framing, as far as is known
};

}  // namespace check
