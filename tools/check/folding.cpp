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
                                              "answer_incomplete", "cut_off", "out_of_time",
                                              "answered_otherwise"};
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

using names = std::vector<std::string>;

names with(names list, const names& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

names causes_behind(const std::string& cause) {
  // If the framing is wrong, all later requests on the connection are misread.
  static const names framing{"short_header",           "lost_after_pieces",       "held_back",
                             "read_taken_for_message", "piece_taken_for_message", "buffer_shared"};
  static const names with_delivery =
      with(framing, {"misdelivered", "sender_missing", "reaches_some"});
  static const names with_refusal = with(with_delivery, {"no_answer"});
  static const names with_waiting = with(framing, {"waits_for_more", "length_believed"});
  static const std::map<std::string, names> behind{
      {"no_answer", with_delivery},
      {"answered_otherwise", with_delivery},
      {"cut_off", with_refusal},
      {"exited", framing},
      {"exit_after_pieces", framing},
      {"waits_for_more", {"length_believed", "short_header"}},
      {"lost_after_pieces", {"misdelivered", "buffer_shared"}},
      {"one_at_a_time", framing},
      {"short_header", {"lost_after_pieces"}},
      {"piece_taken_for_message", {"short_header"}},
      {"bad_message_accepted", framing},
      {"waits_for_rest", {"length_believed", "short_header"}},
      {"read_taken_for_message",
       {"short_header", "lost_after_pieces", "held_back", "waits_for_more"}},
      {"write_not_whole", {"read_taken_for_message"}},
      {"waits_without_pollout", {"held_back"}},
      {"used_after_leaving", {"overrun", "length_unchecked", "no_final_zero"}},
      {"overrun",
       {"read_taken_for_message", "length_unchecked", "no_final_zero", "type_index",
        "lookup_failed"}},
      {"no_final_zero", {"lookup_failed"}},
      {"places_not_freed", {"used_after_leaving"}},
      {"silent_when_full", {"places_not_freed"}},
      {"exit_on_leaving", {"places_not_freed"}},
      {"name_given_twice", {"misdelivered"}},
      {"smashed", {"length_unchecked", "no_final_zero", "type_index", "overrun"}},
      {"end_unnoticed", {"end_ignored", "descriptors_leak"}},
      {"descriptors_leak", {"end_ignored"}},
      {"out_of_time", {"spins", "spins_without_descriptors", "length_believed", "backlog"}},
      {"spins", {"length_believed"}},
      {"deaf_listener", {"descriptors_leak", "backlog"}},
      {"spins_without_descriptors", {"end_ignored", "spins"}},
      {"exit_on_message", {"exit_on_unknown_type"}},
      {"leave_incomplete", {"member_not_removed"}},
      {"member_not_removed", {"told_too_many"}},
      {"refused_and_done", {"join_creates", "name_given_twice", "bad_name_accepted"}},
      {"state_stays", {"exit_on_leaving", "exit_on_reset"}},
      {"reads_unready", with_waiting},
      {"misdelivered", {"misdelivered_overrun", "name_overran"}},
  };
  const auto found = behind.find(cause);
  names all;
  if (!is_vague(cause)) all.push_back(cause);  // the same, but not in all
  if (found != behind.end()) all.insert(all.end(), found->second.begin(), found->second.end());
  return all;
}

void fold_equal(std::vector<check_result>& results) {
  std::map<std::string, std::string> first;
  for (auto& result : results) {
    if (result.outcome != outcome::failed) continue;
    const auto [known, is_new] = first.try_emplace(key_of(result), result.check);
    if (!is_new) result.follows_from = known->second;
  }
}

// Whether what is behind @p other is @p result, or @p other is that itself.
bool leads_to(const check_result& other, const check_result& result,
              const std::vector<check_result>& results) {
  const check_result* at = &other;
  while (at != &result) {
    const std::string& next = at->follows_from.empty() ? at->may_follow_from : at->follows_from;
    const auto found = std::find_if(results.begin(), results.end(), [&](const check_result& one) {
      return !next.empty() && one.check == next;
    });
    if (found == results.end()) return false;
    at = &*found;
  }
  return true;
}

// The failure that may be behind the one at @p index: an earlier one, as things go wrong in the
// order of the checks; else a later one that explains it.
const check_result* root_behind(std::size_t index, const std::vector<check_result>& results) {
  const auto& result = results[index];
  const auto causes = causes_behind(result.cause.id);
  const auto first = [&](std::size_t from, std::size_t to, const auto& is_behind) {
    const auto* const end = results.data() + to;
    const auto* const found = std::find_if(results.data() + from, end, [&](const auto& other) {
      return other.outcome == outcome::failed && is_behind(other.cause.id) &&
             !leads_to(other, result, results);
    });
    return found == end ? nullptr : found;
  };
  const auto explains = [&](const std::string& cause) {
    return std::find(causes.begin(), causes.end(), cause) != causes.end();
  };
  const auto* root = first(0, index, explains);
  if (root != nullptr) return root;
  return first(index + 1, results.size(), [&](const std::string& cause) {
    return cause != result.cause.id && explains(cause);
  });
}

}  // namespace

void link_repeated_causes(std::vector<check_result>& results) {
  fold_equal(results);
  for (std::size_t n = 0; n < results.size(); ++n) {
    if (results[n].outcome != outcome::failed || !results[n].follows_from.empty()) continue;
    const check_result* const behind = root_behind(n, results);
    if (behind != nullptr) results[n].may_follow_from = behind->check;
  }
}

}  // namespace check
