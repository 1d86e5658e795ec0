// The rules of the diagnosis, each a cause and the evidence that it needs, from the most certain to
// guesses. Texts and repairs are elsewhere: in the catalogue, and in docs/causes.md.
#pragma once

#include <string>
#include <vector>

#include "symptoms.hpp"

namespace check {

/// A cause, and whether the evidence fits it.
struct rule {
  std::string id;
  std::function<bool(const symptoms&)> fits;
};

/// How the program ended.
std::vector<rule> rules_about_its_end();
/// What the wire showed.
std::vector<rule> rules_about_facts();
/// What the program is doing, and the call in which it is blocked.
std::vector<rule> rules_about_its_state();
/// What was received, and what was not. The last one always fits.
std::vector<rule> rules_about_the_story();

/// A second cause that the same evidence fits, where the first is not certain.
struct alternative {
  std::string cause;
  std::string other;
  bool (*fits)(const symptoms&);
};

std::vector<alternative> alternatives();

}  // namespace check
