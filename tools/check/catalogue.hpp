// The texts that users read, by stable id, so that all wording and translation is in one place.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "result.hpp"

namespace check {

/// The texts in one language.
class catalogue {
 public:
  /// Reads texts/LANGUAGE.json.
  /// @param about a prefix of ids that replace the usual ones: "client", when a client is graded
  /// @throws std::runtime_error if the language is not built in
  explicit catalogue(std::string about = {}, const std::string& language = "en");

  /// The text @p id with its placeholders replaced; a missing id is shown in angle brackets.
  std::string say(const std::string& id, const tools::arguments& values = {}) const;
  /// The same for a `catalogue_text`. Its values are made printable.
  std::string say(const catalogue_text& text) const;
  /// Whether there is a text with this id.
  bool has(const std::string& id) const { return texts_.contains(id); }
  /// All ids.
  std::vector<std::string> ids() const;

 private:
  std::string about_;
  nlohmann::json texts_;
};

}  // namespace check
