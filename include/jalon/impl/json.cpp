// Compiled once in a program that defines JALON_COMPILED and reads JSON with nlohmann/json.
#define JALON_SOURCE
#include "../nlohmann_reader.hpp"
