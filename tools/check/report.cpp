// The parts that all reports share, and the JSON and XML reports.
#include "report.hpp"

#include <string.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <stdexcept>

namespace check {

namespace {

using tools::wire_kind;

using writer = std::string (*)(const run_report&);

const std::map<std::string, writer, std::less<>>& writers() {
  static const std::map<std::string, writer, std::less<>> all{{"text", text_report},
                                                              {"json", json_report},
                                                              {"junit", junit_report},
                                                              {"gradescope", gradescope_report},
                                                              {"html", html_report}};
  return all;
}

constexpr std::uint64_t noteworthy_bytes = 4096;  // fewer unsent bytes are normal

std::string group_of(const check_result& result) {
  return result.check.substr(0, result.check.find('.'));
}

std::string seconds(std::chrono::milliseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(time.count()) / 1000);
  return text;
}

}  // namespace

const std::vector<std::string>& report_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> names;
    for (const auto& [name, write] : writers()) names.push_back(name);
    return names;
  }();
  return kinds;
}

std::string write_report(std::string_view kind, const run_report& run) {
  const auto found = writers().find(kind);
  if (found == writers().end()) throw std::out_of_range("no report " + std::string(kind));
  return tools::shown(found->second(run));
}

std::string isolation_line(const run_report& run) {
  return run.not_isolated.empty() ? "" : "NOT ISOLATED: " + run.not_isolated + "\n";
}

std::string progress_line(const check_result& result, const catalogue& texts) {
  std::string word = texts.say("report." + name_of(result.outcome));
  word.resize(std::max<std::size_t>(word.size(), 10), ' ');
  return word + "  " + result.check +
         std::string(28 - std::min<std::size_t>(27, result.check.size()), ' ') +
         texts.say("check." + result.check) + "\n";
}

std::string sentence_of(const tools::wire_event& event, const catalogue& texts) {
  if (event.kind != wire_kind::note)
    return texts.say(
        "event." + std::string(tools::name_of(event.kind)),
        {{"who", tools::visible(event.who)}, {"size", tools::counted(event.size, "byte")}});
  // A note's label is the text's id, followed by one `name=value` per line.
  tools::arguments values;
  const auto end = event.label.find('\n');
  for (auto at = end; at != std::string::npos; at = event.label.find('\n', at + 1)) {
    const auto line = event.label.substr(at + 1, event.label.find('\n', at + 1) - at - 1);
    values[line.substr(0, line.find('='))] = tools::visible(line.substr(line.find('=') + 1));
  }
  return texts.say(event.label.substr(0, end), values);
}

std::string cause_of(const check_result& result, const catalogue& texts) {
  if (!result.follows_from.empty())
    return texts.say("report.follows", {{"check", result.follows_from}});
  auto text = texts.say({"cause." + result.cause.id, result.cause.values});
  if (!result.other_cause.id.empty())
    text += " " + texts.say("report.or") + " " +
            texts.say({"cause." + result.other_cause.id, result.other_cause.values});
  return text;
}

std::string reading_of(const check_result& result, const catalogue& texts) {
  const auto group = group_of(result);
  const bool has_chapter = texts.has("chapter." + group);
  std::string pages;
  for (const auto* const cause : {&result.cause, &result.other_cause}) {
    if (!cause->id.empty()) pages += texts.say("report.anchor", {{"cause", cause->id}}) + "; ";
  }
  return pages + texts.say(has_chapter ? "chapter." + group : "chapter.sockets");
}

std::vector<std::string> system_lines(const evidence& seen, const catalogue& texts) {
  std::vector<std::string> lines;
  if (!seen.stopped_because.empty())
    lines.push_back(texts.say("system.stopped", {{"why", seen.stopped_because}}));
  else if (seen.ended && seen.by_signal)
    lines.push_back(texts.say("system.ended_signal", {{"signal", ::strsignal(seen.end_number)}}));
  else if (seen.ended)
    lines.push_back(
        texts.say("system.ended_status", {{"status", std::to_string(seen.end_number)}}));
  else if (!seen.waits_in.empty())
    lines.push_back(texts.say(
        seen.waits_in == "running" ? "system.working" : "system.running",
        {{"call", seen.waits_in},
         {"on",
          seen.waits_on.empty() ? "" : texts.say("system.waits_on", {{"who", seen.waits_on}})},
         {"cpu", std::to_string(seen.cpu_percent)},
         {"threads", tools::counted(seen.threads, "thread")},
         {"descriptors", tools::counted(seen.descriptors, "descriptor")},
         {"memory", std::to_string(seen.memory >> 10U)}}));
  for (const auto& connection : seen.connections) {
    if (connection.unread > 0)
      lines.push_back(texts.say(
          "system.unread",
          {{"who", connection.who}, {"size", tools::counted(connection.unread, "byte")}}));
    if (connection.unsent > noteworthy_bytes)
      lines.push_back(texts.say(
          "system.unsent",
          {{"who", connection.who}, {"size", tools::counted(connection.unsent, "byte")}}));
  }
  if (seen.not_accepted > 0)
    lines.push_back(texts.say("system.not_accepted",
                              {{"number", tools::counted(seen.not_accepted, "client")}}));
  return lines;
}

std::string json_report(const run_report& run) {
  const score sum = count(run.results, run.weights);
  nlohmann::json data{{"subject", run.subject},
                      {"dialect", run.dialect.name()},
                      {"points", sum.points},
                      {"possible", sum.possible},
                      {"passed", sum.passed},
                      {"failed", sum.failed},
                      {"not_judged", sum.not_judged},
                      {"not_isolated", run.not_isolated},
                      {"results", nlohmann::json::array()}};
  for (const auto& result : run.results) {
    nlohmann::json entry = to_json(result);
    entry["title"] = run.texts.say("check." + result.check);
    entry["requirement"] = case_of(result.check).requirement;
    if (result.outcome != outcome::passed) entry["due_text"] = run.texts.say(result.expected);
    if (result.outcome == outcome::failed) {
      entry["came_text"] = run.texts.say(result.actual);
      entry["cause_text"] = run.texts.say({"cause." + result.cause.id, result.cause.values});
      entry["reads"] = reading_of(result, run.texts);
    }
    data["results"].push_back(std::move(entry));
  }
  return tools::json_text(data);
}

std::string junit_report(const run_report& run) {
  const score sum = count(run.results, run.weights);
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"jalon-check\" tests=\"" +
      std::to_string(run.results.size()) + "\" failures=\"" + std::to_string(sum.failed) +
      "\" skipped=\"" + std::to_string(sum.not_judged) + "\">\n";
  if (!run.not_isolated.empty())
    xml += R"(  <properties><property name="NOT ISOLATED" value=")" +
           tools::as_html(run.not_isolated) + "\"/></properties>\n";
  for (const auto& result : run.results) {
    xml += "  <testcase classname=\"" + group_of(result) + "\" name=\"" +
           tools::as_html(result.check + ": " + run.texts.say("check." + result.check)) +
           "\" time=\"" + seconds(result.took) + "\">";
    if (result.outcome == outcome::not_judged)
      xml += "<skipped message=\"" + tools::as_html(run.texts.say(result.expected)) + "\"/>";
    if (result.outcome == outcome::failed)
      xml += "<failure message=\"" +
             tools::as_html(run.texts.say({"cause." + result.cause.id, result.cause.values})) +
             "\">" + tools::as_html(failure_text(result, run.texts)) + "</failure>";
    xml += "</testcase>\n";
  }
  return xml + "</testsuite>\n";
}

std::string gradescope_report(const run_report& run) {
  nlohmann::json tests = nlohmann::json::array();
  const double met = count(run.results, run.weights).met();
  for (const auto& result : run.results) {
    if (result.outcome == outcome::not_judged) continue;
    const auto& about = case_of(result.check);
    tests.push_back(
        {{"name", run.texts.say("check." + result.check)},
         {"number", about.requirement.empty() ? result.check : about.requirement},
         {"score", run.weights.points_of(result, met)},
         {"max_score", run.weights.weight_of(result.check)},
         {"output",
          result.outcome == outcome::failed ? tools::shown(failure_text(result, run.texts)) : ""}});
  }
  nlohmann::json data{{"tests", tests}};
  const auto warning = isolation_line(run);
  if (!warning.empty()) data["output"] = warning;
  return tools::json_text(data);
}

}  // namespace check
