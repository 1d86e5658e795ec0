// The likely cause: the first rule of a list that fits.
#include "diagnosis.hpp"

#include <string.h>

#include <algorithm>
#include <sstream>

#include "rules.hpp"

namespace check {

namespace {

// The last two lines of the output: an error message is usually in one of them.
std::string last_lines(const std::string& text) {
  const auto end = text.find_last_not_of("\r\n ");
  if (end == text.npos) return {};
  auto begin = text.rfind('\n', end);
  if (begin != text.npos && begin > 0) begin = text.rfind('\n', begin - 1);
  const std::size_t first = begin == text.npos ? 0 : begin + 1;
  return text.substr(first, end - first + 1);
}

// The fault that a sanitizer reported, and the first stack frame that is not the sanitizer's own.
std::string sanitizer_fault(const std::string& text) {
  constexpr std::string_view error = "ERROR: ";
  std::string fault;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    // A runtime error does not end the program; a later ERROR does, and is preferred.
    if (fault.empty() && line.find("runtime error:") != line.npos) fault = line;
    const auto at = line.find(error);
    if (at != line.npos)
      fault = line.substr(at + error.size(), line.find(" on ", at) - at - error.size());
    const auto place = line.find(" in ");
    const bool is_frame = line.find_first_not_of(' ') == line.find('#') && place != line.npos;
    if (is_frame && !fault.empty() && line.find("sanitizer") == line.npos)
      return fault + line.substr(place);
  }
  return fault.empty() ? last_lines(text) : fault;
}

// All rules, from the most certain to guesses.
const std::vector<rule>& rules() {
  static const std::vector<rule> all = [] {
    std::vector<rule> combined;
    for (auto part :
         {rules_about_its_end, rules_about_facts, rules_about_its_state, rules_about_the_story}) {
      for (auto& entry : part()) combined.push_back(std::move(entry));
    }
    return combined;
  }();
  return all;
}

tools::arguments values_of(const symptoms& s) {
  const auto* left = s.departed_client();
  const auto hearer = s.misdelivered_to();
  return {{"signal", s.seen.by_signal ? ::strsignal(s.seen.end_number) : ""},
          {"status", std::to_string(s.seen.end_number)},
          {"words", last_lines(s.seen.last_output)},
          {"fault", s.sanitizer_reported() ? sanitizer_fault(s.seen.last_output) : ""},
          {"call", s.seen.waits_in},
          {"on", s.seen.waits_on.empty() ? "a descriptor" : s.seen.waits_on},
          {"left", left == nullptr ? "a client" : left->who},
          {"hearer", hearer},
          {"who", s.about.who},
          {"code", s.code()},
          {"clients", std::to_string(s.story.still_connected())},
          {"connected", std::to_string(s.story.connected())},
          {"cpu", std::to_string(s.seen.cpu_percent)},
          {"last", in_words(s.story.last_request())}};
}

const rule& first_that_fits(const symptoms& s) {
  return *std::find_if(rules().begin(), rules().end(),
                       [&](const rule& entry) { return entry.fits(s); });
}

}  // namespace

catalogue_text likely_cause(const evidence& seen, const check_result& about) {
  const symptoms s{seen, about};
  return {first_that_fits(s).id, values_of(s)};
}

catalogue_text other_cause(const evidence& seen, const check_result& about) {
  const symptoms s{seen, about};
  const auto& likely = first_that_fits(s).id;
  for (const auto& choice : alternatives()) {
    if (choice.cause == likely && choice.fits(s)) return {choice.other, values_of(s)};
  }
  return {};
}

std::vector<std::string> all_causes() {
  std::vector<std::string> ids{"out_of_time", "dialect_leaves_out"};  // found without rules
  for (const auto& entry : rules()) {
    if (std::find(ids.begin(), ids.end(), entry.id) == ids.end()) ids.push_back(entry.id);
  }
  return ids;
}

}  // namespace check
