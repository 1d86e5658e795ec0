// Uses the toolkit's JSON with the other parser: the same code, and a library to link.
#include <type_traits>

#include <jalon/json_reader.hpp>

static_assert(std::is_same_v<jalon::json_reader, jalon::simdjson_reader>);

int main() { return jalon::json_reader().read(R"({"type":"ping"})") ? 0 : 1; }
