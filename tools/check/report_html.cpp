// The report as one self-contained page: each failure with its sequence diagram.
#include "common/sequence.hpp"
#include "report.hpp"

namespace check {

namespace {

std::string tag(const std::string& name, const std::string& text) {
  return "<" + name + ">" + tools::as_html(text) + "</" + name + ">\n";
}

std::string term(const std::string& title, const std::string& text) {
  return tag("dt", title) + tag("dd", text);
}

std::string failure_section(const check_result& result, const run_report& run, std::size_t number) {
  const auto& texts = run.texts;
  std::string html = R"(<section class="failure" id=")" + result.check + "\">\n";
  html += tag("h2", texts.say("check." + result.check));
  html += "<p class=\"id\">" + result.check + "</p>\n<dl>\n";
  html += term(texts.say("report.due"), texts.say(result.expected));
  html += term(texts.say("report.came"), texts.say(result.actual));
  const auto earlier =
      result.may_follow_from.empty()
          ? std::string()
          : " " + texts.say("report.may_follow", {{"check", result.may_follow_from}});
  html += term(texts.say("report.cause"), cause_of(result, texts) + earlier);
  html += term(texts.say("report.reads"), reading_of(result, texts));
  html += "</dl>\n";
  html += tools::sequence_diagram({result.story, run.dialect, result.event, std::to_string(number),
                                   diagram_words(texts),
                                   [&](const auto& event) { return sentence_of(event, texts); },
                                   texts.say("report.due") + " " + texts.say(result.expected)});
  html += "<details><summary>" + tools::as_html(texts.say("report.story")) + "</summary><pre>" +
          tools::as_html(failure_text(result, texts)) + "</pre></details>\n</section>\n";
  return html;
}

std::string row(const check_result& result, const run_report& run) {
  const bool failed = result.outcome == outcome::failed;
  const std::string id = tools::as_html(result.check);
  return "<tr class=\"" + name_of(result.outcome) + "\"><td>" +
         tools::as_html(run.texts.say("report." + name_of(result.outcome))) + "</td><td>" +
         (failed ? "<a href=\"#" + id + "\">" + id + "</a>" : id) + "</td><td>" +
         tools::as_html(run.texts.say("check." + result.check)) + "</td></tr>\n";
}

}  // namespace

std::array<std::string, 5> diagram_words(const catalogue& texts) {
  return {texts.say("report.layers"), texts.say("report.layer_calls"),
          texts.say("report.layer_segments"), texts.say("report.layer_messages"),
          texts.say("report.server")};
}

std::string html_report(const run_report& run) {
  const auto& texts = run.texts;
  const score sum = count(run.results, run.weights);
  std::string html = tools::page_begin(texts.say("report.title"));
  if (!run.not_isolated.empty()) html += tag("p", isolation_line(run));
  html += tag("h1", texts.say("report.title")) + tag("p", run.subject);
  html += tag("p", score_line(run));
  html += tag("p", texts.say("report.summary_requirements",
                             {{"passed", std::to_string(sum.requirements_passed)},
                              {"all", std::to_string(sum.requirements)},
                              {"hidden_passed", std::to_string(sum.hidden_passed)},
                              {"hidden", std::to_string(sum.hidden)}}));
  std::size_t number = 0;
  for (const auto& result : run.results) {
    if (result.outcome == outcome::failed) html += failure_section(result, run, ++number);
  }
  html += "<table>\n";
  for (const auto& result : run.results) html += row(result, run);
  return html + "</table>\n" + tools::page_end();
}

}  // namespace check
