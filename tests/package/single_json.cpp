// Uses the one header that has JSON, beside nlohmann/json and nothing else. Both headers may be
// included, and more than once: then nothing of them comes again.
#include "jalon.hpp"

#include "jalon_json.hpp"

namespace again {
#include "jalon.hpp"

#include "jalon_json.hpp"
}  // namespace again

int main() {
  const bool parses = jalon::endpoint::parse("127.0.0.1:80") == jalon::endpoint::loopback(80);
  const bool reads_lines = jalon::parse_json_line(R"({"type":"ping"})").has_value();
  const bool reads_messages = jalon::json_reader().read(R"({"type":"ping"})").has_value();
  return parses && reads_lines && reads_messages ? 0 : 1;
}
