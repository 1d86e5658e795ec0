// Somebody at the keyboard and screen of a graded client: types, and sees.
// What must be seen is the check's affair.
#pragma once

#include "common/server_speech.hpp"
#include "peer.hpp"

namespace check {

/// Who sits at a client's terminal, or at the other ends of its pipes.
class console : public peer {
 public:
  /// @param is_terminal else pipes
  console(stage& on, tools::server_speech speech, channel through, bool is_terminal)
      : peer(on, "terminal", std::move(through)),
        speech_(std::move(speech)),
        is_terminal_(is_terminal) {}

  // What one does who sits there.

  /// Types a line, and Enter.
  void types(const std::string& line);
  /// Types several lines at once, as from a file.
  void types_all(const std::vector<std::string>& lines);
  /// Types what asks for that. @throws cannot_judge if the dialect does not tell what
  void asks(const std::string& request, const tools::arguments& values = {});
  /// Types without Enter.
  void types_keys(std::string_view keys) { sends(keys, "keys"); }
  /// Says that nothing more will be typed: Ctrl-D, or the end of the pipe.
  void ends_input();

  // What one expects who sits there.

  /// Is shown @p word, sooner or later.
  void sees(std::string_view word);
  /// Is shown all @p words, in their order.
  void sees_in_order(const std::vector<std::string>& words);
  /// Is shown @p word no more than once.
  void sees_once(std::string_view word);
  /// Is not shown @p bytes, also after the next that the server says is shown.
  void never_sees(std::string_view bytes, const std::string& due);
  /// Is told something, whatever it is.
  void is_told();
  /// What is typed is sent, and what the server says is shown.
  void is_served();

 private:
  void nudge() override;
  void look_for_kept_output(std::string_view word);

  tools::server_speech speech_;
  bool is_terminal_;
};

}  // namespace check
