// Uses jalon::compiled: functions that are in no header here are found in the library, and
// nlohmann/json, which compiles slowly, is included there alone.
#include <jalon.hpp>
#include <jalon/json_reader.hpp>

#ifndef JALON_COMPILED
#error "the headers are to declare, and the library to define"
#endif
#ifdef NLOHMANN_JSON_VERSION_MAJOR
#error "nlohmann/json is included where only its reader is declared"
#endif

int main() {
  const bool parses = jalon::endpoint::parse("127.0.0.1:80") == jalon::endpoint::loopback(80);
  return parses && jalon::json_reader().read(R"({"type":"ping"})") ? 0 : 1;
}
