// The layouts that a binary header may have, and which of them fit what a program has sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "header_search.hpp"

namespace check {

/// A framing, in the form of a dialect's `framing`, and how unusual it is.
struct layout {
  nlohmann::json framing;
  std::size_t cost = 0;  ///< 0 for the usual one
};

/// The layouts that @p known, the `layouts` of deviations.json, has, and @p usual, if they agree
/// with the facts; the usual ones first. Without facts, those that differ in few properties.
std::vector<layout> layouts_with(const header_facts& facts, const nlohmann::json& known,
                                 const nlohmann::json& usual);

/// Those of @p all that the answers fit, best first; empty if none does, or there were none.
std::vector<layout> fitting(const std::vector<layout>& all, const header_facts& facts);

}  // namespace check
