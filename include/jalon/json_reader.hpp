// Which parser reads JSON: nlohmann/json's, unless the program is linked with jalon::simdjson.
// Nothing else is here: what either has read looks the same (json_view.hpp).
//
// The macro JALON_SIMDJSON must be the same in all files of a program. The CMake target
// jalon::simdjson sets it for all that link it; by any other way, compile all files with it.
#pragma once

#include "json_view.hpp"

#ifdef JALON_SIMDJSON
#include "simdjson_reader.hpp"
#else
#include "nlohmann_reader.hpp"
#endif

namespace jalon {

/// Reads lines as JSON objects. simdjson is faster (docs/performance.md says how much),
/// nlohmann/json is headers alone.
#ifdef JALON_SIMDJSON
using json_reader = simdjson_reader;
#else
using json_reader = nlohmann_reader;
#endif

}  // namespace jalon
