// Uses the toolkit and nothing else: without a library, this compiles, links and runs.
#include <jalon.hpp>

int main() {
  return jalon::endpoint::parse("127.0.0.1:80") == jalon::endpoint::loopback(80) ? 0 : 1;
}
