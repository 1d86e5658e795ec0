// Finds out how a program speaks.
#include "probe.hpp"

#include <algorithm>

#include "common/resources.hpp"
#include "score.hpp"

namespace check {

namespace {

using nlohmann::json;

// How many of the basic checks pass if the program speaks so.
std::size_t working(run_options& options, const json& speech) {
  options.with.dialect = tools::dialect::from(speech);
  const auto results = run_all(options, [](const result&) {});
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(),
                    [](const result& one) { return one.came_out == outcome::passed; }));
}

json patched(json speech, const json& patch) {
  speech.merge_patch(patch);
  return speech;
}

// Nulls say what is taken away, so they must stay in the file: patches are merged without losing
// them.
void add_patch(json& file, const json& patch) {
  for (const auto& [name, value] : patch.items()) {
    if (value.is_object() && file.contains(name) && file[name].is_object())
      add_patch(file[name], value);
    else
      file[name] = value;
  }
}

}  // namespace

probed probe(run_options options, const std::string& base) {
  const json known = json::parse(*tools::resource("deviations.json"));
  options.cases.clear();
  for (const auto& id : known.at("judged_by")) options.cases.push_back(&case_of(id));
  options.with.ping = "who";
  probed found{{{"name", "probed"}, {"extends", base}}, 0, options.cases.size()};
  json speech = tools::dialect::load(base).description();
  found.working = working(options, speech);
  for (bool better = true; better && found.working < found.of;) {
    better = false;
    for (const auto& deviation : known.at("deviations")) {
      const json next = patched(speech, deviation.at("patch"));
      const auto works = working(options, next);
      if (works <= found.working) continue;
      speech = next;
      add_patch(found.dialect, deviation.at("patch"));
      found.working = works;
      better = true;
      break;
    }
  }
  return found;
}

}  // namespace check
