// What a program that defines JALON_COMPILED and reads JSON with nlohmann/json compiles once.
#define JALON_SOURCE
#include "../nlohmann_reader.hpp"
