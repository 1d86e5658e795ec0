// Answers the questions of the rules.
#include "symptoms.hpp"

#include <signal.h>

#include <algorithm>

namespace check {

namespace {

constexpr std::size_t many = 10;       // so many clients fill a small table
constexpr std::size_t long_name = 60;  // so many equal bytes are in no usual message

bool contains(std::initializer_list<std::string_view> all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// A name that is longer than a name may be, or a field without its final zero.
bool is_overlong_name(const sent_request& request) {
  if (request.kind().starts_with("no_zero")) return true;
  const bool names = contains({"nick", "create", "join"}, request.kind());
  return names && request.bytes.find(std::string(long_name, 'x')) != std::string::npos;
}

}  // namespace

bool symptoms::killed_by(int signal) const {
  return seen.ended && seen.by_signal && seen.end_number == signal;
}

bool symptoms::died_of_memory() const {
  return killed_by(SIGSEGV) || killed_by(SIGBUS) || killed_by(SIGABRT);
}

bool symptoms::exited() const {
  return seen.ended && !seen.by_signal && seen.stopped_because.empty();
}

bool symptoms::output_contains(std::initializer_list<std::string_view> words) const {
  return std::any_of(words.begin(), words.end(), [&](std::string_view text) {
    return seen.last_output.find(text) != std::string::npos;
  });
}

bool symptoms::sanitizer_reported() const {
  const bool by_it = seen.ended || expected_is("due.sound");
  return by_it && output_contains({"AddressSanitizer", "UndefinedBehaviorSanitizer",
                                   "runtime error:", "ThreadSanitizer"});
}

bool symptoms::uses_processor() const {
  return !seen.ended && (seen.cpu_percent >= 20 || about.actual.id == "came.busy");
}

bool symptoms::waits_in(std::initializer_list<std::string_view> calls) const {
  // Only the main thread's call is known. What it waits in says nothing about other threads.
  return !seen.ended && seen.threads <= 1 && contains(calls, seen.waits_in);
}

const connection_evidence* symptoms::find_connection(
    const std::function<bool(const connection_evidence&)>& which) const {
  const auto found = std::find_if(seen.connections.begin(), seen.connections.end(), which);
  return found == seen.connections.end() ? nullptr : &*found;
}

const connection_evidence* symptoms::waited_on() const {
  return find_connection([&](const auto& connection) { return connection.who == seen.waits_on; });
}

const connection_evidence* symptoms::departed_client() const {
  return find_connection([](const auto& connection) {
    return (connection.closed || connection.reset || connection.half_closed || connection.quit) &&
           !connection.ended_first;
  });
}

const connection_evidence* symptoms::unread() const {
  return find_connection(
      [](const auto& connection) { return connection.unread > 0 && connection.held; });
}

bool symptoms::server_has_gone() const {
  return find_connection([](const auto& connection) {
           return connection.who == "server" && (connection.closed || connection.reset);
         }) != nullptr;
}

bool symptoms::newest_of_many() const {
  if (story.connected() < many) return false;
  if (story.answers_to_newcomer() > 1) return false;
  const auto* const last = story.last_request();
  // The newcomer waits, while the last request may be of somebody who was there before.
  return last == nullptr || last->who == story.newcomer() || !story.has_heard(story.newcomer(), "");
}

bool symptoms::fact(std::string_view name) const {
  return std::find(seen.facts.begin(), seen.facts.end(), name) != seen.facts.end();
}

std::string symptoms::word() const {
  const auto found = about.expected.values.find("word");
  if (found == about.expected.values.end()) return {};
  return found->second.substr(0, found->second.find("... ("));
}

bool symptoms::expects_text() const {
  return (about.expected.id.starts_with("due.hears") || expected_is("due.shows")) &&
         story.request_with(word()) != nullptr;
}

std::string symptoms::code() const {
  const auto text = word();
  const bool is_name =
      !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
  return expected_is("due.hears") && is_name && !expects_text() ? text : std::string();
}

bool symptoms::answered() const { return actual_is("came.bytes"); }

bool symptoms::last_is(std::initializer_list<std::string_view> kinds) const {
  const auto* const last = story.last_request();
  return last != nullptr && contains(kinds, last->kind());
}

bool symptoms::last_is_special(std::string_view what) const {
  const auto* const last = story.last_request();
  return last != nullptr && last->is_special(what);
}

bool symptoms::last_is_hostile() const {
  const auto* const last = story.last_request();
  return last != nullptr && last->is_hostile();
}

bool symptoms::grades_client() const {
  return about.who == "server" || about.who == "terminal" ||
         find_connection([](const auto& one) { return one.who == "server"; }) != nullptr;
}

std::string symptoms::misdelivered_to() const {
  const auto* const sent =
      expects_text() ? story.request_with(word()) : story.last_of(about.who, "msg");
  const bool counts = expects_text() ||
                      (expected_is("due.told") && sent != nullptr && sent->is_special(absent_nick));
  if (grades_client() || !counts || sent == nullptr || !contains({"msg", "echo"}, sent->kind()))
    return {};
  for (const auto& text : story_view::words_of(*sent)) {
    // The nicks in a message are shown to others for other reasons; its text is in no other.
    const bool is_text = story.request_with(text) == sent && text != sent->who;
    for (const auto& hearer : story.hearers_of(text, sent->first)) {
      if (is_text && hearer != about.who && hearer != sent->who) return hearer;
    }
  }
  return {};
}

bool symptoms::name_overran() const {
  if (grades_client() || seen.ended ||
      !(about.expected.id.starts_with("due.hears") || expected_is("due.served") ||
        expected_is("due.told")))
    return false;
  const auto& all = story.requests();
  return std::any_of(all.begin(), all.end(), [&](const sent_request& request) {
    return is_overlong_name(request) && request.who != about.who;
  });
}

const sent_request* symptoms::accepted() const {
  if (expected_is("due.never_hears")) return story.request_with(word());
  const auto* const asked = story.last_of(about.who);
  if (asked == nullptr) return nullptr;
  const auto is_error = about.actual.values.find("bytes");
  if (!code().empty() && answered() && is_error != about.actual.values.end())
    return is_error->second.find("error") == std::string::npos ? asked : nullptr;
  if (!expected_is("due.told")) return nullptr;
  // It said nothing to who had to be refused; and did others hear of it?
  for (const auto& text : story_view::words_of(*asked)) {
    const auto hearers = story.hearers_of(text, asked->first);
    const bool reached = std::any_of(hearers.begin(), hearers.end(),
                                     [&](const auto& hearer) { return hearer != about.who; });
    if (reached && story.request_with(text) == asked) return asked;
  }
  return nullptr;
}

bool symptoms::accepted_is(std::initializer_list<std::string_view> kinds) const {
  const auto* const request = accepted();
  return request != nullptr && contains(kinds, request->kind());
}

bool symptoms::name_twice(std::string_view who) const {
  for (const char* const kind : {"nick", "create"}) {
    const auto* const own = story.last_of(who, kind);
    if (own == nullptr) continue;
    for (const auto& request : story.requests()) {
      const bool earlier =
          request.who != who && request.kind() == kind && request.last < own->first;
      if (earlier && !story_view::common_word(request, *own).empty()) return true;
    }
  }
  return false;
}

}  // namespace check
