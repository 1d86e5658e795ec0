// Endpoints: any text is parsed or refused, and what is printed is parsed to the same again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <jalon/endpoint.hpp>

#include "expect.hpp"

namespace {

void check_round_trip(const jalon::endpoint& at) {
  const std::string text = at.to_string();
  const auto again = jalon::endpoint::parse(text);
  expect(again.has_value(), "what is printed can be parsed");
  expect(*again == at, "what is parsed is what was printed");
  expect(again->to_string() == text, "there is one way to print it");
  expect((at <=> *again) == 0, "order and equality agree");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto at = jalon::endpoint::parse(text)) {
    expect(at->size() <= sizeof(sockaddr_storage), "it is no larger than an address may be");
    check_round_trip(*at);
  }
  if (const auto at = jalon::endpoint::ip(text, 80)) {
    expect(at->port() == 80, "the port is the one that was given");
    check_round_trip(*at);
  }
  if (const auto at = jalon::endpoint::unix_path(text)) {
    expect(at->address() == text, "the path is the one that was given");
    check_round_trip(*at);
  }
  return 0;
}
