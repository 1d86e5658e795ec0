// Chooses the JSON parser: nlohmann/json, or simdjson if the program links jalon::simdjson.
// Code that uses `json_reader` does not depend on the choice: both fill the same views
// (json_view.hpp).
//
// The macro JALON_SIMDJSON must be the same in all files of a program. The CMake target
// jalon::simdjson defines it for every target that links it; without CMake, compile all files with
// -DJALON_SIMDJSON.
#pragma once

#include "json_view.hpp"

#ifdef JALON_SIMDJSON
#include "simdjson_reader.hpp"
#else
#include "nlohmann_reader.hpp"
#endif

namespace jalon {

/// Reads lines as JSON objects. simdjson is faster (docs/performance.md says how much);
/// nlohmann/json is header-only.
#ifdef JALON_SIMDJSON
using json_reader = simdjson_reader;
#else
using json_reader = nlohmann_reader;
#endif

}  // namespace jalon
