// The server of a graded client, as the checker plays it: a right one, from the dialect's data.
// Which answers a check wants otherwise is the check's affair.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/server_speech.hpp"
#include "peer.hpp"

namespace check {

/// The server that the graded program has connected to. It answers what it is asked.
class host : public peer {
 public:
  host(stage& on, tools::server_speech speech, jalon::stream_socket socket);

  // What a server does.

  /// Says something of the dialect's, with one `send`, once the client has read what was said
  /// before: messages come together only where a check has them so. @throws cannot_judge if it has
  /// no such thing
  void says(const std::string& what, const tools::arguments& values = {});
  /// Whether the dialect has it for a server to say.
  bool knows(std::string_view what) const { return speech_.knows(what); }
  /// Whether the dialect has a place for a value in what a client asks.
  bool has_place(const std::string& request, const std::string& value) const {
    return speech_.has_place(request, value);
  }
  /// The bytes of it.
  std::string bytes_of(const std::string& what, const tools::arguments& values = {}) const;
  /// Sends each piece by itself, and goes on when the client has read it.
  void says_in_pieces(const std::vector<std::string>& pieces) { send_pieces(pieces, "in pieces"); }
  /// Answers requests of that kind like this from now on; an empty answer is none.
  void answers(const std::string& request, const std::string& with, tools::arguments values = {});

  // What a server expects.

  /// Is asked for that, with those of these values that the dialect has a place for. @return all
  /// values of the request
  tools::arguments is_asked(const std::string& request, tools::arguments values = {});
  /// Is asked for the same with each of these texts, in their order, each once.
  void is_asked_in_order(const std::string& request, const std::vector<std::string>& texts);
  /// Has got no message with @p word in it, also after the next line that is typed has come.
  void never_hears(std::string_view word);
  /// What it was asked for of that kind, if it was at all until the next line that is typed has
  /// come.
  std::optional<tools::arguments> may_be_asked(const std::string& request);

 private:
  struct answer {
    std::string says;
    tools::arguments values;
  };

  void came() override;
  void left() override { half_closes(); }  // what was asked is answered: the end
  void nudge() override;
  void hears_the_next_line();
  void answer_to(const tools::request& asked);
  void say_at_once(const std::string& what, const tools::arguments& values);

  tools::server_speech speech_;
  std::map<std::string, answer> answers_;
  std::string nick_;  // the client's
  std::vector<tools::request> asked_;
  std::size_t judged_ = 0;  // of those, so many have been expected
  std::size_t read_ = 0;    // bytes
};

}  // namespace check
