// Lines to values of nlohmann/json and back: nothing that a peer sends throws, and what was parsed
// can be written.
#include <cstddef>
#include <string>
#include <string_view>

#include <jalon/json_lines.hpp>

#include "catch.hpp"

namespace {

using namespace std::string_literals;
using jalon::parse_json_line;
using jalon::write_json_line;

// An object that is nested so many levels deep.
std::string nested(std::size_t levels) {
  return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
}

}  // namespace

TEST_CASE("a line is a JSON object, and is written as one line again") {
  const auto value = parse_json_line(R"( {"text":"a\nb","n":[1,-2,0.5,true,null]} )");
  REQUIRE(value.has_value());
  CHECK(value->at("text") == "a\nb");
  CHECK(write_json_line(*value) == R"({"n":[1,-2,0.5,true,null],"text":"a\nb"})");
}

TEST_CASE("a line that is no JSON object is refused, and nothing throws") {
  const auto line = GENERATE(as<std::string>{}, "", " ", "hello", "{", "{}}", "{} {}", "[1]",
                             "\"a\"", "1", "null", "{\"a\":1,}",
                             // Not UTF-8, and half a surrogate pair.
                             "{\"a\":\"\xFF\"}", "{\"a\":\"\xC0\xAF\"}", R"({"a":"\ud800"})",
                             // A zero byte, which nlohmann/json takes for the end.
                             "{}\0"s, "{}\0garbage"s, "{\0}"s, "\0{}"s, "{\"a\":\"\0\"}"s,
                             // A number beyond a double.
                             R"({"a":1e400})", "\xEF\xBB\xBF\xEF\xBB\xBF{}");
  INFO(line);
  CHECK_FALSE(parse_json_line(line).has_value());
}

TEST_CASE("a byte order mark before the object is left out") {
  CHECK(parse_json_line("\xEF\xBB\xBF{}").has_value());
}

TEST_CASE(
    "an object of 512 levels is read, copied, written and destroyed, and no deeper one is read") {
  const auto value = parse_json_line(nested(jalon::max_json_depth));
  REQUIRE(value.has_value());
  auto copy = value;
  copy->erase("nothing");  // it is a copy of its own
  CHECK(write_json_line(*copy) == nested(jalon::max_json_depth));
  CHECK_FALSE(parse_json_line(nested(jalon::max_json_depth + 1)).has_value());
  CHECK_FALSE(parse_json_line(nested(30'000)).has_value());
}

TEST_CASE("brackets in a text are no levels") {
  const std::string open(600, '['), close(600, ']');
  CHECK(parse_json_line("{\"a\":\"" + open + "\"}").has_value());
  CHECK(parse_json_line("{\"a\":\"\\\"" + open + "\"}").has_value());
  // Here the text ends before them.
  CHECK_FALSE(parse_json_line("{\"a\":\"\\\\\",\"b\":" + open + close + "}").has_value());
}

TEST_CASE("a text that is no UTF-8 is written with a mark in its place") {
  CHECK(write_json_line({{"a", "x\xFFy"}}) == "{\"a\":\"x\uFFFDy\"}");
}
