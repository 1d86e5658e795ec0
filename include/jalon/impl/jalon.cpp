// What a program that defines JALON_COMPILED compiles once: see compiled.hpp.
#define JALON_SOURCE
#include "../jalon.hpp"
