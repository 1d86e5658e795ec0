// Uses the toolkit and its JSON lines.
#include <jalon/json_reader.hpp>

int main() { return jalon::json_reader().read(R"({"type":"ping"})") ? 0 : 1; }
