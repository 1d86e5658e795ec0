// Which failures have one cause, and which may follow from another.
#include <algorithm>
#include <map>

#include "diagnosis.hpp"
#include "symptoms.hpp"

namespace check {

namespace {

// The kind of a request without its number: "echo", "20 echoes" and "2 echoes" are one kind.
std::string kind_of(const sent_request* request) {
  if (request == nullptr) return {};
  std::string kind = request->kind();
  kind.erase(0, std::min(kind.find_first_not_of("0123456789 "), kind.size()));
  return kind == "echoes" || kind == "a flood of echoes" ? "echo" : kind;
}

// What these deaths have in common is no request: somebody left, or a call failed.
bool is_of_no_request(const std::string& cause) {
  static const std::vector<std::string> causes{"sigpipe",           "exit_on_leaving",
                                               "exit_on_reset",     "exit_on_quit",
                                               "exit_on_interrupt", "exit_without_descriptors"};
  return std::find(causes.begin(), causes.end(), cause) != causes.end();
}

// How it died, and of what: the place that a sanitizer names, or the last request.
std::string death_of(const check_result& result) {
  const auto fault = result.cause.values.find("fault");
  if (fault != result.cause.values.end() && !fault->second.empty()) return fault->second;
  const story_view story(result.story);
  const bool counts = !is_of_no_request(result.cause.id);
  return (result.seen.by_signal ? "signal " : "status ") + std::to_string(result.seen.end_number) +
         " " + result.seen.stopped_because + " after " +
         (counts ? kind_of(story.last_request()) : "no request");
}

// Causes that name what is missing and not why: only equal expectations may have one of these.
bool is_vague(const std::string& cause) {
  static const std::vector<std::string> vague{"no_answer",         "unsure",  "refusal_missing",
                                              "answer_incomplete", "cut_off", "out_of_time"};
  return std::find(vague.begin(), vague.end(), cause) != vague.end();
}

// What was expected, without the random words. One answer or several, shown or received, is one
// kind; each code of a refusal is another.
std::string expectation_of(const check_result& result) {
  const symptoms s{result.seen, result};
  const auto& id = result.expected.id;
  if (!s.code().empty()) return s.code();
  if (id == "due.in_time") return result.check;  // nothing is known of it
  if (is_vague(result.cause.id)) return id + " after " + kind_of(s.story.last_of(result.who));
  const bool is_answer = id.starts_with("due.hears") || id.starts_with("due.shows") ||
                         id == "due.served" || id == "due.not_early" || id == "due.asked";
  return is_answer ? "an answer" : id;
}

std::string key_of(const check_result& result) {
  const bool dies = result.seen.ended;
  return result.cause.id + ": " + (dies ? death_of(result) : expectation_of(result));
}

std::vector<std::string> causes_behind(const std::string& cause) {
  // If the framing is wrong, all later requests on the connection are misread.
  static const std::vector<std::string> framing{"short_header", "lost_after_pieces", "held_back",
                                                "read_taken_for_message",
                                                "piece_taken_for_message"};
  static const std::vector<std::string> with_delivery = [] {
    auto all = framing;
    all.emplace_back("misdelivered");
    all.emplace_back("sender_missing");
    return all;
  }();
  static const std::map<std::string, std::vector<std::string>> behind{
      {"no_answer", with_delivery},
      {"exited", framing},
      {"exit_after_pieces", framing},
      {"waits_for_more", framing},
      {"one_at_a_time", framing},
      {"short_header", {"lost_after_pieces", "piece_taken_for_message"}},
      {"read_taken_for_message", {"short_header", "lost_after_pieces", "held_back"}},
      {"write_not_whole", {"read_taken_for_message"}},
      {"waits_without_pollout", {"held_back"}},
      {"send_waits", {"waits_for_rest", "reads_unready"}},  // all follow from blocking sockets
      {"used_after_leaving", {"overrun", "length_unchecked", "no_final_zero"}},
      {"overrun",
       {"read_taken_for_message", "length_unchecked", "no_final_zero", "type_index",
        "lookup_failed"}},
      {"smashed", {"length_unchecked", "no_final_zero", "type_index", "overrun"}},
      {"end_unnoticed", {"end_ignored", "descriptors_leak"}},
      {"descriptors_leak", {"end_ignored"}},
      {"out_of_time", {"spins", "spins_without_descriptors"}},
      {"deaf_listener", {"descriptors_leak", "backlog"}},
      {"spins_without_descriptors", {"end_ignored", "spins"}},
      {"exit_on_message", {"exit_on_unknown_type"}},
      {"leave_incomplete", {"member_not_removed"}},
      {"state_stays", {"exit_on_leaving", "exit_on_reset"}},
      {"reads_unready", framing},
      {"misdelivered", {"misdelivered_overrun", "name_overran"}},
  };
  const auto found = behind.find(cause);
  std::vector<std::string> all;
  if (!is_vague(cause)) all.push_back(cause);  // the same, but not in all
  if (found != behind.end()) all.insert(all.end(), found->second.begin(), found->second.end());
  return all;
}

}  // namespace

void link_repeated_causes(std::vector<check_result>& results) {
  std::map<std::string, std::string> first, first_of_cause;
  for (auto& result : results) {
    if (result.outcome != outcome::failed) continue;
    const auto [known, is_new] = first.try_emplace(key_of(result), result.check);
    if (!is_new) result.follows_from = known->second;
    first_of_cause.try_emplace(result.cause.id, result.check);
  }
  for (auto& result : results) {
    if (result.outcome != outcome::failed || !result.follows_from.empty()) continue;
    for (const auto& cause : causes_behind(result.cause.id)) {
      const auto known = first_of_cause.find(cause);
      if (known == first_of_cause.end() || known->second == result.check) continue;
      result.may_follow_from = known->second;
      break;
    }
  }
}

}  // namespace check
