// The texts for people, by stable id. No text for people stands anywhere else in the tools.
// When a text is said is not known here.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "result.hpp"

namespace check {

/// One language's texts.
class catalogue {
 public:
  /// Reads texts/LANGUAGE.json.
  /// @param about what is graded, where it is no server: "client" has texts of its own
  /// @throws std::runtime_error if the language is not built in
  explicit catalogue(std::string about = {}, const std::string& language = "en");

  /// The text @p id, filled in; an id that is missing is shown in angle brackets.
  std::string say(const std::string& id, const tools::arguments& values = {}) const;
  /// The same of something to be said. Bytes in its values are made visible.
  std::string say(const said& text) const;
  /// Whether there is a text of this id.
  bool has(const std::string& id) const { return texts_.contains(id); }
  /// Every id there is.
  std::vector<std::string> ids() const;

 private:
  std::string about_;
  nlohmann::json texts_;
};

}  // namespace check
