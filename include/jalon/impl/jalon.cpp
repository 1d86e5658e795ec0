// Compiled once in a program that defines JALON_COMPILED: see compiled.hpp.
#define JALON_SOURCE
#include "../jalon.hpp"
