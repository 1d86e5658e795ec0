// Uses the toolkit and its JSON lines.
#include <jalon/json_lines.hpp>

int main() { return jalon::parse_json_object(R"({"type":"ping"})") ? 0 : 1; }
