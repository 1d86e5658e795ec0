// The report for a terminal: the story of each failure.
#include <algorithm>
#include <cstdio>
#include <map>

#include "report.hpp"
#include "root_causes.hpp"

namespace check {

namespace {

using tools::wire_event;
using tools::wire_kind;

constexpr std::size_t shown_bytes = 160;  // of the bytes of one event or group
constexpr std::size_t shown_events = 40;  // of a story; the rest is counted
constexpr std::size_t indent = 6;

std::string clock(const wire_event& event) {
  char text[32];
  std::snprintf(text, sizeof text, "%8.3f s  ", static_cast<double>(event.at.count()) / 1e6);
  return text;
}

// The events that are shown on one line: a single event, or the pieces of one message.
struct event_group {
  std::size_t first;
  std::size_t last;
};

bool continues(const wire_event& event, const wire_event& next) {
  return event.kind == wire_kind::sent && next.kind == wire_kind::sent && event.who == next.who &&
         event.label == next.label && !event.label.empty() && next.size < 4096;
}

std::vector<event_group> grouped(const std::vector<wire_event>& story) {
  std::vector<event_group> groups;
  for (std::size_t n = 0; n < story.size(); ++n) {
    if (!groups.empty() && continues(story[groups.back().last], story[n]))
      groups.back().last = n;
    else
      groups.push_back({n, n});
  }
  return groups;
}

std::string bytes_line(const std::string& text) {
  return std::string(16, ' ') + tools::shortened(text, shown_bytes) + "\n";
}

// The bytes of a group with a mark after each piece: `hel|lo\n`.
std::string pieces_of(const std::vector<wire_event>& story, const event_group& group) {
  std::string text;
  for (std::size_t n = group.first; n <= group.last; ++n)
    text += (n == group.first ? "" : "|") + tools::visible(story[n].bytes);
  return text;
}

std::string group_text(const check_result& result, const event_group& group,
                       const catalogue& texts) {
  const wire_event& first = result.story[group.first];
  std::size_t size = 0;
  for (std::size_t n = group.first; n <= group.last; ++n) size += result.story[n].size;
  const bool in_pieces = group.last > group.first;
  std::string text = clock(first);
  text += in_pieces ? texts.say("event.sent_pieces",
                                {{"who", first.who},
                                 {"number", std::to_string(group.last - group.first + 1)},
                                 {"size", tools::counted(size, "byte")}})
                    : sentence_of(first, texts);
  if (first.kind == wire_kind::sent && !first.label.empty()) text += " (" + first.label + ")";
  text += "\n";
  if (first.bytes.empty()) return text;
  text += bytes_line(pieces_of(result.story, group));
  // A caret under the wrong byte, and the bytes there in hexadecimal.
  if (!result.event || *result.event < group.first || *result.event > group.last) return text;
  const auto before = tools::visible(first.bytes.substr(0, result.offset)).size();
  if (before >= shown_bytes) return text;
  return text + std::string(16 + before, ' ') + "^ " +
         tools::hex(first.bytes.substr(result.offset, 8)) + "\n";
}

std::string paragraph(const std::string& title, const std::string& text) {
  std::string result = title.empty() ? "" : std::string(indent - 2, ' ') + title + "\n";
  for (const auto& line : tools::wrapped(text, 92))
    result += std::string(indent, ' ') + line + "\n";
  return result;
}

std::string story_text(const check_result& result, const catalogue& texts) {
  const auto groups = grouped(result.story);
  std::string text;
  for (std::size_t n = 0; n < groups.size(); ++n) {
    const bool left_out = groups.size() > shown_events && n >= 10 && n < groups.size() - 25;
    if (!left_out) text += group_text(result, groups[n], texts);
    if (left_out && n == 10)
      text += std::string(16, ' ') +
              texts.say("report.left_out", {{"number", std::to_string(groups.size() - 35)}}) + "\n";
  }
  return text;
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string root_text(const root_cause& root, const run_report& run) {
  const check_result& result = *root.first;
  const auto& about = case_of(result.check);
  const auto number = about.requirement.empty()
                          ? run.texts.say("report.hidden")
                          : run.texts.say("report.requirement", {{"number", about.requirement}});
  std::string text =
      "\n" + run.texts.say("report.failed") + "  " + result.check + " (" + number + ")\n";
  text += std::string(indent - 2, ' ') + run.texts.say("check." + result.check) + "\n";
  text += failure_text(result, run.texts);
  if (root.others.empty()) return text;
  std::string names;
  for (const auto& other : root.others) names += (names.empty() ? "" : ", ") + other;
  return text +
         paragraph("", run.texts.say("report.also",
                                     {{"checks", tools::counted(root.others.size(), "check")},
                                      {"names", names}}));
}

// The causes that are not shown, a line each.
std::string list_of(std::vector<root_cause>::const_iterator begin,
                    std::vector<root_cause>::const_iterator end, const run_report& run) {
  if (begin == end) return {};
  const auto number = static_cast<std::size_t>(end - begin);
  std::string text =
      "\n" + run.texts.say("report.more", {{"causes", tools::counted(number, "cause")}}) + "\n";
  for (auto root = begin; root != end; ++root) {
    const check_result& first = *root->first;
    text +=
        "  " +
        run.texts.say(first.may_follow_from.empty() ? "report.more_line" : "report.more_follows",
                      {{"check", first.check},
                       {"cause", first.cause.id},
                       {"checks", tools::counted(root->others.size() + 1, "check")},
                       {"behind", first.may_follow_from}}) +
        "\n";
  }
  return text;
}

// How many causes there are, and how many failures that probably follow from one of them.
std::string number_of(const std::vector<root_cause>& roots, const catalogue& texts) {
  const auto certain =
      static_cast<std::size_t>(std::count_if(roots.begin(), roots.end(), [](const auto& root) {
        return root.first->may_follow_from.empty();
      }));
  auto causes = tools::counted(certain, "root cause");
  if (certain == roots.size()) return causes;
  const auto consequences = tools::counted(roots.size() - certain, "probable consequence");
  return texts.say("report.causes", {{"causes", causes}, {"consequences", consequences}});
}

}  // namespace

std::string score_line(const run_report& run) {
  const score sum = count(run.results, run.weights);
  if (sum.passed + sum.failed == 0) return run.texts.say("report.score_nothing");
  tools::arguments values{{"points", number_text(sum.points)},
                          {"possible", number_text(sum.possible)}};
  const auto roots = root_causes_of(run.results);
  if (roots.empty()) return run.texts.say("report.score_right", values);
  values["causes"] = number_of(roots, run.texts);
  values["check"] = roots.front().first->check;
  values["cause"] = roots.front().first->cause.id;
  return run.texts.say("report.score", values);
}

std::string failure_text(const check_result& result, const catalogue& texts) {
  std::string text =
      std::string(indent - 2, ' ') + texts.say("report.story") + "\n" + story_text(result, texts);
  text += paragraph(texts.say("report.due"), texts.say(result.expected));
  text += paragraph(texts.say("report.came"), texts.say(result.actual));
  std::string system;
  for (const auto& line : system_lines(result.seen, texts)) system += paragraph("", line);
  if (!system.empty())
    text += std::string(indent - 2, ' ') + texts.say("report.system") + "\n" + system;
  text += paragraph(texts.say("report.cause"), cause_of(result, texts));
  if (!result.may_follow_from.empty())
    text += paragraph("", texts.say("report.may_follow", {{"check", result.may_follow_from}}));
  if (result.runs > 1)
    text += paragraph("", texts.say("report.runs", {{"failures", std::to_string(result.failures)},
                                                    {"runs", std::to_string(result.runs)}}));
  return text + paragraph(texts.say("report.reads"), reading_of(result, texts));
}

std::string text_report(const run_report& run) {
  std::string text = isolation_line(run) + score_line(run) + "\n";
  const auto roots = root_causes_of(run.results);
  const auto shown = std::min(run.shown_causes, roots.size());
  for (std::size_t n = 0; n < shown; ++n) text += root_text(roots[n], run);
  text += list_of(roots.begin() + static_cast<std::ptrdiff_t>(shown), roots.end(), run);
  const score sum = count(run.results, run.weights);
  text += "\n" + run.texts.say("report.summary", {{"passed", std::to_string(sum.passed)},
                                                  {"failed", std::to_string(sum.failed)},
                                                  {"not_judged", std::to_string(sum.not_judged)},
                                                  {"points", number_text(sum.points)},
                                                  {"possible", number_text(sum.possible)}});
  text += "\n" + run.texts.say("report.summary_requirements",
                               {{"passed", std::to_string(sum.requirements_passed)},
                                {"all", std::to_string(sum.requirements)},
                                {"hidden_passed", std::to_string(sum.hidden_passed)},
                                {"hidden", std::to_string(sum.hidden)}});
  return text + "\n";
}

}  // namespace check
