// Answers questions about a recording: who asked for what, who received it, and what was asked last
// before the program ended. Nothing in it knows a dialect: requests have labels, texts are words.
#pragma once

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/recording.hpp"

namespace check {

/// What one peer sent with one label: a request, in one piece or several.
struct sent_request {
  std::string who;
  std::string label;       ///< "nick"; after a comma, what is special: "whois, a nick that ..."
  std::string bytes;       ///< as far as the recording keeps them
  std::uint64_t size = 0;  ///< the full number of bytes
  std::size_t first = 0;   ///< the index of its first event
  std::size_t last = 0;    ///< the index of its last event

  /// The label before the comma.
  std::string kind() const { return label.substr(0, label.find(',')); }
  /// Whether its label says this after the comma.
  bool is_special(std::string_view what) const;
  /// Whether no right client sends it, or what it asks for is not there.
  bool is_hostile() const;
  /// Whether it is several messages, which may have arrived together.
  bool is_several() const { return last > first || std::isdigit(label.empty() ? ' ' : label[0]); }
};

/// Requests for something that nobody has, as their labels say it.
inline constexpr std::string_view absent_nick = "a nick that nobody has";
inline constexpr std::string_view absent_channel = "a channel that there is not";
inline constexpr std::string_view without_text = "an empty text";

/// A view of a recording, which must outlive it.
class story_view {
 public:
  explicit story_view(const std::vector<tools::wire_event>& events);

  /// What was sent, in order.
  const std::vector<sent_request>& requests() const noexcept { return requests_; }
  /// The last request before the program ended; if it did not end, the last of all. A hostile one
  /// is preferred, if nobody but its sender received anything after it.
  const sent_request* last_request() const;
  /// The last request whose bytes contain @p word.
  const sent_request* request_with(std::string_view word) const;
  /// The last request of @p who, of this kind if it is not empty.
  const sent_request* last_of(std::string_view who, std::string_view kind = {}) const;
  /// Whether @p who has received @p word after event @p since; or anything, if it is empty.
  bool has_heard(std::string_view who, std::string_view word, std::size_t since = 0) const;
  /// Whether nobody but @p who has received anything.
  bool all_heard_by(std::string_view who) const;
  /// The users who have received @p word, in the order of their names.
  std::vector<std::string> hearers_of(std::string_view word, std::size_t since = 0) const;
  /// The random words of @p request: runs of at least seven small letters, but no filling.
  static std::vector<std::string> words_of(const sent_request& request);
  /// A word that both requests contain; empty if there is none.
  static std::string common_word(const sent_request& one, const sent_request& other);

  /// How many clients have connected, and how many of them have not gone again.
  std::size_t connected() const noexcept { return connected_; }
  std::size_t still_connected() const noexcept { return present_.size(); }
  /// How many times the program was started.
  std::size_t starts() const noexcept { return starts_; }
  /// The client that connected last.
  const std::string& newcomer() const noexcept { return last_connected_; }
  /// How many times that client has received something.
  std::size_t answers_to_newcomer() const noexcept { return answers_to_newcomer_; }

 private:
  void add(const tools::wire_event& event, std::size_t index);
  bool is_last_word(const sent_request& request) const;

  const std::vector<tools::wire_event>& events_;
  std::vector<sent_request> requests_;
  std::optional<std::size_t> before_end_;  // the index of the last request before the end
  std::size_t connected_ = 0, starts_ = 0, answers_to_newcomer_ = 0;
  std::set<std::string> present_;
  std::string last_connected_;
};

/// A request in words, with its bytes: "whois from alice (264 bytes): ...".
std::string in_words(const sent_request* request);

}  // namespace check
