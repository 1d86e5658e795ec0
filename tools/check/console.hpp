// The user at the keyboard and screen of a graded client.
#pragma once

#include "common/server_dialect.hpp"
#include "peer.hpp"

namespace check {

/// The checker's end of a client's terminal, or of its pipes.
class console : public peer {
 public:
  /// @param is_terminal false: @p channel is a pair of pipes
  console(stage& stage, tools::server_dialect dialect, channel channel, bool is_terminal)
      : peer(stage, "terminal", std::move(channel)),
        dialect_(std::move(dialect)),
        is_terminal_(is_terminal) {}

  // What the user does.

  /// Types a line, with Enter.
  void types(const std::string& line);
  /// Types several lines in one write, as when the input comes from a file.
  void types_all(const std::vector<std::string>& lines);
  /// Types the command for a request. @throws cannot_judge if the dialect does not define it
  void asks(const std::string& request, const tools::arguments& values = {});
  /// Types without Enter.
  void types_keys(std::string_view keys) { sends(keys, "keys"); }
  /// Ends the client's input: Ctrl-D, or the end of the pipe.
  void ends_input();

  // What the user expects.

  /// Sees @p word.
  void sees(std::string_view word);
  /// Sees all @p words, in their order.
  void sees_in_order(const std::vector<std::string>& words);
  /// Sees @p word exactly once.
  void sees_once(std::string_view word);
  /// Has not seen @p bytes, even after the next message of the server is shown.
  /// @param expected the id of the text for the failure
  void never_sees(std::string_view bytes, const std::string& expected);
  /// Sees any output at all after the mark.
  void sees_something();
  /// A typed line is sent to the server, and a message from the server is shown.
  void is_served();

 private:
  void send_probe() override;
  void note_if_output_kept(std::string_view word);

  tools::server_dialect dialect_;
  bool is_terminal_;
};

}  // namespace check
