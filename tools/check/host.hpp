// The server that the checker plays for a graded client. By default it answers correctly, from the
// dialect's data; a check can set other answers.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/server_dialect.hpp"
#include "peer.hpp"

namespace check {

/// The checker's server, on the connection that the graded client has made. It answers requests.
class host : public peer {
 public:
  host(stage& stage, tools::server_dialect dialect, jalon::stream_socket socket);

  // What a server does.

  /// Sends a message of the dialect with one call of `send`, after the client has read what was
  /// sent before: messages arrive together only where a check wants it.
  /// @throws cannot_judge if the dialect has no such message
  void says(const std::string& what, const tools::arguments& values = {});
  /// Whether the dialect has such a message of a server.
  bool knows(std::string_view what) const { return dialect_.knows(what); }
  /// Whether a client's request has a field for a value.
  bool has_field(const std::string& request, const std::string& value) const {
    return dialect_.has_field(request, value);
  }
  /// The bytes that `says` would send.
  std::string bytes_of(const std::string& what, const tools::arguments& values = {}) const;
  /// Sends each piece by itself, after the client has read the piece before it.
  void says_in_pieces(const std::vector<std::string>& pieces) { send_pieces(pieces, "in pieces"); }
  /// Sets the answer to requests of that kind from now on; an empty answer sends nothing.
  void answers(const std::string& request, const std::string& with, tools::arguments values = {});

  // What a server expects.

  /// Receives such a request with these values, as far as the dialect has fields for them.
  /// @return all values of the request
  tools::arguments is_asked(const std::string& request, tools::arguments values = {});
  /// Receives such a request for each of these texts, in order, each once.
  void is_asked_in_order(const std::string& request, const std::vector<std::string>& texts);
  /// Has received no message that contains @p word, even after the next line that is typed.
  void never_hears(std::string_view word);
  /// The values of a request of that kind, if one has arrived by the time that the next line which
  /// is typed arrives.
  std::optional<tools::arguments> may_be_asked(const std::string& request);

 private:
  struct answer {
    std::string says;
    tools::arguments values;
  };

  void on_received() override;
  bool sends_messages() const override { return true; }
  void on_ended() override { half_closes(); }  // every request has been answered by now
  void send_probe() override;
  void wait_for_next_line();
  void answer_to(const tools::request& asked);
  void send_now(const std::string& what, const tools::arguments& values);

  tools::server_dialect dialect_;
  std::map<std::string, answer> answers_;
  std::string nick_;  // the client's
  std::vector<tools::request> asked_;
  std::size_t matched_ = 0;       // how many of these an expectation has consumed
  std::size_t parsed_bytes_ = 0;  // of all received bytes
};

}  // namespace check
