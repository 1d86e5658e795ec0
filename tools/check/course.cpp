// What a program's dialect leaves out of the course's.
#include "course.hpp"

#include <array>

#include "common/server_dialect.hpp"

namespace check {

namespace {

using nlohmann::json;

bool contains(const tools::dialect& dialect, const char* object, const std::string& name) {
  const auto found = dialect.description().find(object);
  return found != dialect.description().end() && found->contains(name);
}

bool promises(const tools::dialect& dialect, const std::string& property) {
  if (property == "port") return !dialect.port();  // any port that it is given
  const auto found = dialect.description().find(property);
  return found != dialect.description().end() && *found != false;
}

// Whether a dialect has what was missing when a check could not be judged.
bool has(const tools::dialect& dialect, const std::string& reason, const std::string& what) {
  const tools::server_dialect server(dialect);
  if (reason == "why.no_request") return dialect.knows(what) || server.knows(what);
  if (reason == "why.no_attack") return contains(dialect, "attacks", what);
  if (reason == "why.not_typed") return contains(dialect, "typed", what);
  if (reason == "why.not_promised") return promises(dialect, what);
  if (reason == "why.no_header") return dialect.header_bytes() > 0;
  if (reason == "why.header") return dialect.header_bytes() == 0;
  return reason == "why.no_place" &&
         (server.has_field("file_offer", what) || server.has_field("file_accept", what));
}

bool leaves_out(const catalogue_text& why, const tools::dialect& own,
                const tools::dialect& course) {
  if (why.id == "why.dialect") return true;
  const std::string what = why.values.empty() ? "" : why.values.begin()->second;
  return has(course, why.id, what) && !has(own, why.id, what);
}

// What was left out, in the words of the dialect's file.
std::string name_of(const catalogue_text& why) {
  if (!why.values.empty()) return why.values.begin()->second;
  return "framing";
}

bool same_framing(const json& own, const json& course) {
  return own.at("framing").at("kind") == course.at("framing").at("kind");
}

// The course's refusals, in the own words where there are some.
json refusals_of(const json& own, const json& course) {
  json words = course.value("refusals", json::object());
  const json own_words = own.value("refusals", json::object());
  for (const auto& [kind, word] : own_words.items()) {
    if (word.is_string() && !word.get_ref<const std::string&>().empty()) words[kind] = word;
  }
  return words;
}

}  // namespace

tools::dialect within_course(const tools::dialect& own, const tools::dialect& course) {
  json description = own.description();
  const json& asked = course.description();
  description.erase("milestones");
  constexpr std::array demands{"milestones", "longest_name"};
  for (const char* const field : demands) {
    if (asked.contains(field)) description[field] = asked.at(field);
  }
  if (same_framing(description, asked)) {
    description["refusals"] = refusals_of(description, asked);
    description["attacks"] = asked.value("attacks", json::object());
  }
  description.erase("extends");  // it is merged already
  return tools::dialect::from(description);
}

void fail_if_left_out(check_result& result, const tools::dialect& own, const tools::dialect& course,
                      const rubric& weights) {
  if (result.outcome != outcome::not_judged || !leaves_out(result.expected, own, course)) return;
  if (weights.may_be_left_out(result.check)) return;
  const tools::arguments what{{"what", name_of(result.expected)}};
  result.outcome = outcome::failed;
  result.failures = result.runs;
  result.expected = {"due.in_dialect", what};
  result.actual = {"came.left_out", what};
  result.cause = {"dialect_leaves_out", what};
}

}  // namespace check
