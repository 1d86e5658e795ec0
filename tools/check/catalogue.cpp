// The texts that users read.
#include "catalogue.hpp"

#include <stdexcept>

#include "common/resources.hpp"

namespace check {

catalogue::catalogue(std::string about, const std::string& language) : about_(std::move(about)) {
  const auto file = tools::resource("texts/" + language + ".json");
  if (!file) throw std::runtime_error("no texts in " + language);
  texts_ = nlohmann::json::parse(*file);
}

std::string catalogue::say(const std::string& id, const tools::arguments& values) const {
  auto found = texts_.find(about_ + "." + id);
  if (found == texts_.end()) found = texts_.find(id);
  if (found == texts_.end()) return "<" + id + ">";
  return tools::fill(found->get_ref<const std::string&>(), values);
}

std::string catalogue::say(const catalogue_text& text) const {
  tools::arguments shown;
  for (const auto& [name, value] : text.values) shown[name] = tools::visible(value);
  return say(text.id, shown);
}

std::vector<std::string> catalogue::ids() const {
  std::vector<std::string> all;
  for (const auto& [id, text] : texts_.items()) all.push_back(id);
  return all;
}

}  // namespace check
