// Reads a recording once, and answers from what it noted.
#include "story_view.hpp"

#include <algorithm>
#include <map>

#include "common/text.hpp"

namespace check {

using tools::wire_event;
using tools::wire_kind;

namespace {

constexpr std::size_t word_size = 7;        // of the random words, see stage::word
constexpr std::size_t filling = 5;          // so many equal letters are no word
constexpr std::size_t request_bytes = 300;  // of a request in a sentence: a header, and a word

bool is_small_letter(char c) { return c >= 'a' && c <= 'z'; }

// A long text is a word and one letter many times: the repeated letters belong to no word.
std::string without_filling(const std::string& letters) {
  for (std::size_t at = 0; at + filling <= letters.size(); ++at) {
    if (letters.find_first_not_of(letters[at], at) >= at + filling) return letters.substr(0, at);
  }
  return letters;
}

}  // namespace

bool sent_request::is_special(std::string_view what) const {
  return label.size() > what.size() && label.ends_with(what);
}

bool sent_request::is_hostile() const {
  static const std::set<std::string, std::less<>> attacks{
      "too_long",         "endless",       "empty",         "not_utf8",     "zero_bytes",
      "negative_length",  "huge_length",   "no_zero",       "unknown_type", "negative_type",
      "no_zero_anywhere", "no_type",       "wrong_kind",    "bad_json",     "nested",
      "control_in_text",  "text_too_long", "unknown_field", "forged",       "path_in_file"};
  return attacks.contains(kind()) || is_special(absent_nick) || is_special(absent_channel) ||
         is_special(without_text);
}

story_view::story_view(const std::vector<wire_event>& events) : events_(events) {
  for (std::size_t n = 0; n < events.size(); ++n) add(events[n], n);
}

void story_view::add(const wire_event& event, std::size_t index) {
  switch (event.kind) {
    case wire_kind::opened:
      ++connected_;
      present_.insert(event.who);
      last_connected_ = event.who;
      answers_to_newcomer_ = 0;
      break;
    case wire_kind::closed:
    case wire_kind::reset:
      present_.erase(event.who);
      break;
    case wire_kind::note:
      if (event.label == "started") ++starts_;
      break;
    case wire_kind::received:
      before_end_.reset();  // the program was still running when it sent something
      answers_to_newcomer_ += event.who == last_connected_ ? 1 : 0;
      break;
    case wire_kind::end:
    case wire_kind::broken:
      if (!before_end_ && !requests_.empty()) before_end_ = requests_.size() - 1;
      break;
    case wire_kind::sent: {
      const bool goes_on = !requests_.empty() && requests_.back().who == event.who &&
                           requests_.back().label == event.label &&
                           requests_.back().last + 1 == index;
      if (!goes_on) requests_.push_back({event.who, event.label, {}, 0, index, index});
      requests_.back().bytes += event.bytes;
      requests_.back().size += event.size;
      requests_.back().last = index;
      break;
    }
    default:
      break;
  }
}

// The end of the program is noticed late, so others may have sent something in the meantime.
bool story_view::is_last_word(const sent_request& request) const {
  const auto after = events_.begin() + static_cast<std::ptrdiff_t>(request.last) + 1;
  bool asked_again = false;
  return std::none_of(after, events_.end(), [&](const wire_event& event) {
    const bool own = event.who == request.who;
    asked_again = asked_again || (own && event.kind == wire_kind::sent);
    return event.kind == wire_kind::received && (!own || asked_again);
  });
}

const sent_request* story_view::last_request() const {
  if (requests_.empty()) return nullptr;
  const auto hostile = std::find_if(requests_.rbegin(), requests_.rend(),
                                    [](const auto& request) { return request.is_hostile(); });
  if (hostile != requests_.rend() && is_last_word(*hostile)) return &*hostile;
  return &requests_[before_end_.value_or(requests_.size() - 1)];
}

const sent_request* story_view::request_with(std::string_view word) const {
  const auto found = std::find_if(
      requests_.rbegin(), requests_.rend(),
      [&](const sent_request& request) { return request.bytes.find(word) != std::string::npos; });
  return found == requests_.rend() || word.empty() ? nullptr : &*found;
}

const sent_request* story_view::last_of(std::string_view who, std::string_view kind) const {
  const auto found =
      std::find_if(requests_.rbegin(), requests_.rend(), [&](const sent_request& request) {
        return request.who == who && (kind.empty() || request.kind() == kind);
      });
  return found == requests_.rend() ? nullptr : &*found;
}

bool story_view::has_heard(std::string_view who, std::string_view word, std::size_t since) const {
  const auto all = hearers_of(word, since);
  return std::find(all.begin(), all.end(), who) != all.end();
}

bool story_view::all_heard_by(std::string_view who) const {
  return std::none_of(events_.begin(), events_.end(), [&](const wire_event& event) {
    return event.kind == wire_kind::received && event.who != who;
  });
}

std::vector<std::string> story_view::hearers_of(std::string_view word, std::size_t since) const {
  std::map<std::string, std::string> received;
  for (std::size_t n = since; n < events_.size(); ++n) {
    if (events_[n].kind == wire_kind::received) received[events_[n].who] += events_[n].bytes;
  }
  std::vector<std::string> hearers;
  for (const auto& [who, bytes] : received) {
    if (bytes.find(word) != std::string::npos) hearers.push_back(who);
  }
  return hearers;
}

std::vector<std::string> story_view::words_of(const sent_request& request) {
  std::vector<std::string> words;
  const auto& bytes = request.bytes;
  for (auto at = bytes.begin(); at != bytes.end();) {
    const auto begin = std::find_if(at, bytes.end(), is_small_letter);
    at = std::find_if_not(begin, bytes.end(), is_small_letter);
    auto word = without_filling(std::string(begin, at));
    if (word.size() >= word_size) words.push_back(std::move(word));
  }
  return words;
}

std::string story_view::common_word(const sent_request& one, const sent_request& other) {
  for (const auto& word : words_of(one)) {
    if (other.bytes.find(word) != std::string::npos) return word;
  }
  return {};
}

std::string in_words(const sent_request* request) {
  if (request == nullptr) return "nothing was sent before";
  const std::string label = request->label.empty() ? "something" : request->label;
  return label + ", from " + request->who + ", " + tools::counted(request->size, "byte") + ": " +
         tools::shortened(request->bytes, request_bytes);
}

}  // namespace check
