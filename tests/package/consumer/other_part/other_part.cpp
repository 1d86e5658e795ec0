// Uses the toolkit, with as little of it as shows that it is there.
#include <jalon/endpoint.hpp>

int main() {
  return jalon::endpoint::parse("127.0.0.1:80") == jalon::endpoint::loopback(80) ? 0 : 1;
}
