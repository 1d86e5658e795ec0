// The search for the numbers of a header, against programs that are a function here.
#include "check/header_search.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "check/layouts.hpp"
#include "unit/catch.hpp"

using check::header_facts;

namespace {

// A header of a length, a type and other bytes, and how it is answered.
struct answering_program {
  std::size_t bytes, length_at, length_bytes, type_at, type_bytes;
  bool little = true;
  std::size_t least_payload = 0;

  std::uint64_t number(const std::string& all, std::size_t at, std::size_t size) const {
    std::uint64_t value = 0;
    for (std::size_t n = 0; n < size; ++n)
      value = value << 8U | static_cast<unsigned char>(all[little ? at + size - 1 - n : at + n]);
    return value;
  }

  // To a text in pieces. The answer is dropped if much follows it.
  check::program_reply reply(const std::string& text, std::size_t piece) const {
    for (std::size_t sent = std::min(piece, text.size());; sent += piece) {
      sent = std::min(sent, text.size());
      std::string answer = answer_to(text.substr(0, sent));
      const bool is_dropped = least_payload > 0 && sent > bytes + 300;
      if (!answer.empty() && !is_dropped) return {answer, sent};
      if (sent == text.size()) return {};
    }
  }

  // Of the first message; a message without content may be taken for the end.
  std::string answer_to(const std::string& sent) const {
    if (sent.size() < bytes) return {};
    const auto length = number(sent, length_at, length_bytes);
    if (length < least_payload || length > 65'536 || sent.size() < bytes + length) return {};
    const auto type = number(sent, type_at, type_bytes);
    return type < 3 ? "type " + std::to_string(type) : "unknown";
  }
};

void finds(const answering_program& program) {
  const auto facts = check::find_header(
      [&](const std::string& text, std::size_t piece) { return program.reply(text, piece); });
  CHECK(facts.bytes == program.bytes);
  CHECK(facts.little == program.little);
  CHECK(facts.least_payload == program.least_payload);
  const auto low = [&](std::size_t at, std::size_t size) {
    return program.little ? at : at + size - 1;
  };
  CHECK(facts.length_low == low(program.length_at, program.length_bytes));
  const auto type =
      std::find_if(facts.types.begin(), facts.types.end(), [&](const check::type_place& place) {
        return place.at == low(program.type_at, program.type_bytes);
      });
  REQUIRE(type != facts.types.end());
  CHECK(type->reply == "type 1");
  CHECK(facts.reply == "type 0");
}

}  // namespace

TEST_CASE("the numbers of a header are found wherever they are") {
  finds({264, 0, 4, 132, 4});
  finds({264, 256, 8, 128, 2});
  finds({150, 20, 2, 0, 4, false});
  finds({517, 513, 4, 509, 4, false});
}

TEST_CASE("they are found where a message without content is not understood") {
  finds({264, 0, 4, 132, 4, true, 1});
  finds({264, 132, 4, 0, 4, false, 1});
  finds({118, 5, 8, 1, 4, true, 1});
  finds({118, 6, 2, 1, 4, true, 1});
  finds({118, 116, 2, 1, 1, false, 1});
}

TEST_CASE("nothing is found in a program that answers everything, or nothing") {
  for (const std::string answer : {"", "hello"}) {
    const auto facts = check::find_header([&](const std::string&, std::size_t piece) {
      return check::program_reply{answer, piece};
    });
    CHECK(facts.bytes == 0);
    CHECK(facts.reply == answer);
  }
}

TEST_CASE("only layouts that agree with the facts are tried") {
  const auto known = nlohmann::json::parse(R"({"fields": [["length", "sender", "type", "infos"]],
      "text_bytes": [128, 20, 32], "number_bytes": [4, 2, 8], "orders": ["little", "big"],
      "extra_bytes": [0, 4]})");
  const auto usual = nlohmann::json::parse(R"({"kind": "header", "order": "little", "fields": [
      {"name": "length", "bytes": 4}, {"name": "sender", "bytes": 128},
      {"name": "type", "bytes": 4}, {"name": "infos", "bytes": 128}]})");
  const header_facts of_usual{264, 0, true, 0, {{132}}};
  const auto found = check::layouts_with(of_usual, known, usual);
  REQUIRE(!found.empty());
  CHECK(found.front().framing == usual);
  const auto big = check::layouts_with({60, 3, false, 0, {{27}}}, known, usual);
  REQUIRE(big.size() == 1);
  CHECK(big.front().framing.at("order") == "big");
  CHECK(check::layouts_with({61, 3, false, 0, {{27}}}, known, usual).empty());
  CHECK(check::layouts_with({}, known, usual).size() > 20);
}
