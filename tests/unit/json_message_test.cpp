// Lines to typed messages and back: what is JSON, what is of the right kind, what is allowed.
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <jalon/json_message.hpp>
#include <jalon/json_reader.hpp>

#include "catch.hpp"

namespace {

using namespace std::string_literals;
using jalon::field;
using jalon::json_reader;
using jalon::message_id;

struct lower_case {
  static constexpr std::string_view code = "bad_name";
  static constexpr std::string_view reason = "a name has letters";
  static bool allows(std::string_view text) {
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == text.npos;
  }
};

struct one_to_ten {
  static constexpr std::string_view code = "bad_size";
  static constexpr std::string_view reason = "a size is small";
  static constexpr std::uint64_t least = 1;
  static constexpr std::uint64_t most = 10;
};

struct part {
  std::uint64_t number = 0;
  jalon::checked_text<lower_case> name;
  static constexpr auto fields() {
    return std::tuple{field{"number", &part::number}, field{"name", &part::name}};
  }
};

// A message with a field of every kind.
struct sample {
  static constexpr std::string_view type = "sample";
  std::string text;
  bool flag = false;
  std::uint64_t count = 0;
  jalon::checked_text<lower_case> name;
  jalon::checked_number<one_to_ten> size;
  std::optional<std::string> note;
  std::vector<part> parts;
  static constexpr auto fields() {
    return std::tuple{field{"text", &sample::text},   field{"flag", &sample::flag},
                      field{"count", &sample::count}, field{"name", &sample::name},
                      field{"size", &sample::size},   field{"note", &sample::note},
                      field{"parts", &sample::parts}};
  }
};

// A message of views.
struct two_views {
  static constexpr std::string_view type = "two";
  std::string_view first;
  std::string_view second;
  static constexpr auto fields() {
    return std::tuple{field{"first", &two_views::first}, field{"second", &two_views::second}};
  }
};

const std::string good_sample =
    R"({"type":"sample","text":"t","flag":true,"count":7,"name":"ann","size":3,"note":"n",)"
    R"("parts":[{"number":1,"name":"one"},{"number":2,"name":"two"}]})";

// The line `good_sample` with the value of one field replaced.
std::string good_but(const std::string& name, const std::string& value) {
  const auto key = "\"" + name + "\":";
  const auto start = good_sample.find(key) + key.size();
  const auto end = name == "parts" ? good_sample.size() - 1 : good_sample.find(',', start);
  return good_sample.substr(0, start) + value + good_sample.substr(end);
}

std::string good_without(const std::string& name) {
  const std::string line = good_but(name, "0");
  const auto entry = ",\"" + name + "\":0";
  return std::string(line).erase(line.find(entry), entry.size());
}

bool is_read(const std::string& line) { return json_reader().read(line).has_value(); }

// What reading a line fails for, as `field: code`; empty if it does not.
std::string failure_of(const std::string& line) {
  json_reader reader;
  const auto object = reader.read(line);
  if (!object) return "no JSON";
  sample into;
  const auto failure = jalon::read_message(*object, into);
  return failure ? std::string(failure->field) + ": " + std::string(failure->code) : "";
}

// The id of a line, and the reader that it is a view of.
class id_in {
 public:
  explicit id_in(const std::string& line) : id_(jalon::read_head(reader_.read(line).value()).id) {}

  bool has_value() const { return id_.has_value(); }
  const message_id& value() const { return id_.value(); }
  bool operator==(const message_id& due) const { return id_ == due; }

 private:
  json_reader reader_;
  std::optional<message_id> id_;
};

id_in id_of(const std::string& value) { return id_in("{\"id\":" + value + "}"); }

// Whether the line is a `sample`, and what it says.
bool read_sample(const std::string& line, sample& into) {
  json_reader reader;
  return !jalon::read_message(reader.read(line).value(), into);
}

std::string as_json(std::string_view text) {
  std::string out;
  jalon::append_json(out, text);
  return out;
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (; times > 0; --times) out += text;
  return out;
}

}  // namespace

TEST_CASE("a line is read if it is one JSON object in UTF-8") {
  const auto line =
      GENERATE(as<std::string>{}, "{}", R"( { "a" : [ 1 , -2.5e+3 , null , true ] } )",
               "{\"a\":\"caf\u00e9 \U0001F600\"}", R"({"a":"\ud83d\ude00"})", R"({"a":1,"a":2})",
               "{}\r", R"({"a":1e308})", R"({"a":18446744073709551615})",
               // Integers beyond 64 bits are read as doubles.
               R"({"a":18446744073709551616})", R"({"a":[-9223372036854775809,1]})",
               // RFC 8259, 8.1: a byte order mark may be ignored.
               "\xEF\xBB\xBF{}");
  INFO(line);
  CHECK(is_read(line));
}

TEST_CASE("a line is refused if it is anything else") {
  const auto line = GENERATE(
      as<std::string>{}, "", " ", "{", "}", "{}}", "{} {}", "[]", "\"{}\"", "null", "1", "true",
      "{'a':1}", "{a:1}", R"({"a":1,})", R"({"a":01})", R"({"a":+1})", R"({"a":.5})",
      R"({"a":NaN})", R"({"a":Infinity})", R"({"a":0x10})", "{\"a\":\"\t\"}", R"({"a":"\x41"})",
      R"({"a":"\ud800"})", R"({"a":"\udc00\ud800"})", "{}/**/", "{}//", "\xFE\xFF{}",
      "{\"a\":\"\xFF\"}", "{\"a\":\"\xC0\xAF\"}", "{\"a\":\"\xED\xA0\x80\"}",
      "{\"a\":\"\xF4\x90\x80\x80\"}", "{\"a\":\"\xE2\x82\"}", "\xC3\xA9", "\xEF\xBB\xBF",
      // Beyond 64 bits, and no number either.
      R"({"a":018446744073709551616})", R"({"a":+18446744073709551616})",
      R"({"a":18446744073709551616-1})", R"({"a":18446744073709551616)",
      R"({"a":"18446744073709551616)", R"({18446744073709551616:1})",
      // A number is read as a double, and these are beyond.
      R"({"a":1e400})", R"({"a":)" + std::string(400, '9') + "}");
  INFO(line);
  CHECK_FALSE(is_read(line));
}

TEST_CASE("a line that is nowhere is refused as an empty one is") {
  CHECK_FALSE(json_reader().read(std::string_view()).has_value());
}

TEST_CASE("an integer beyond 64 bits changes nothing else of its line") {
  json_reader reader;
  const auto object = reader.read(
      R"({"a":18446744073709551616,"b":18446744073709551615,"c":-9223372036854775808,)"
      R"("d":"1844674407370955161600","e":"\"18446744073709551616","f":["\\",-9223372036854775809]})");
  REQUIRE(object.has_value());
  const auto value = [&](std::string_view name) {
    return jalon::find_field(*object, name).value();
  };
  CHECK(value("a").real() == 18446744073709551616.0);
  CHECK(value("b").unsigned_integer() == std::numeric_limits<std::uint64_t>::max());
  CHECK(value("c").negative_integer() == std::numeric_limits<std::int64_t>::min());
  CHECK(value("d").string() == "1844674407370955161600");
  CHECK(value("e").string() == "\"18446744073709551616");
  const auto list = value("f").array();
  CHECK((*list.begin()).string() == "\\");
  CHECK((*std::next(list.begin())).real() == -9223372036854775809.0);
}

TEST_CASE("a line with a zero byte is refused, wherever it stands") {
  CHECK_FALSE(is_read("\0{}"s));
  CHECK_FALSE(is_read("{\0}"s));
  CHECK_FALSE(is_read("{}\0"s));
  CHECK_FALSE(is_read("{}\0{}"s));
  CHECK_FALSE(is_read("{\"a\":\"\0\"}"s));
  CHECK(is_read(R"({"a":"\u0000"})"));
}

TEST_CASE("a line may be nested 512 levels deep, and no deeper") {
  const auto nested = [](const std::string& open, const std::string& close, std::size_t levels) {
    return "{\"a\":" + repeated(open, levels - 1) + "1" + repeated(close, levels - 1) + "}";
  };
  const auto [open, close] =
      GENERATE(table<std::string, std::string>({{"[", "]"}, {"{\"a\":", "}"}, {"[\"]\",", "]"}}));
  INFO(open << close);
  CHECK(is_read(nested(open, close, jalon::max_json_depth)));
  CHECK_FALSE(is_read(nested(open, close, jalon::max_json_depth + 1)));
  CHECK_FALSE(is_read(nested(open, close, 32'000)));
  CHECK_FALSE(is_read(repeated(open, 32'000)));
}

TEST_CASE("an empty container counts as a level too") {
  const std::string open = repeated("[", jalon::max_json_depth - 2);
  const std::string close = repeated("]", jalon::max_json_depth - 2);
  CHECK(is_read("{\"a\":" + open + "[]" + close + "}"));
  CHECK(is_read("{\"a\":" + open + "{}" + close + "}"));
  CHECK_FALSE(is_read("{\"a\":[" + open + "[]" + close + "]}"));
  CHECK_FALSE(is_read("{\"a\":[" + open + "{}" + close + "]}"));
}

TEST_CASE("a value that is nested deep is of the wrong kind, like any other") {
  const std::string deep = repeated("[", 500) + repeated("]", 500);
  CHECK(failure_of(good_but("text", deep)) == "text: ");
  CHECK(failure_of(good_but("parts", deep)) == "parts: ");
}

TEST_CASE("a reader reads one line after another, long and short, good and bad") {
  json_reader reader;
  const auto type_in = [&](const std::string& line) {
    const auto object = reader.read(line);
    return object ? std::string(jalon::read_head(*object).type.value_or("none")) : "no JSON";
  };
  CHECK(type_in(R"({"type":"short"})") == "short");
  CHECK(type_in(R"({"more":")" + std::string(60'000, 'x') + R"(","type":"long"})") == "long");
  CHECK(type_in(R"({"type":"sho)") == "no JSON");
  CHECK(type_in("") == "no JSON");
  CHECK(type_in(R"({"type":"large","more":18446744073709551616})") == "large");
  CHECK(type_in("{}") == "none");
  CHECK(type_in(R"({"type":"again"})") == "again");
}

TEST_CASE("of two fields with the same name the last one counts") {
  json_reader reader;
  const auto object = reader.read(R"({"type":"a","type":"b","id":1,"id":2})").value();
  CHECK(jalon::read_head(object).type == std::string_view("b"));
  CHECK(jalon::read_head(object).id == message_id(std::uint64_t{2}));
}

TEST_CASE("a type is a string") {
  const auto type_of = [](const std::string& line) {
    json_reader reader;
    const auto object = reader.read(line).value();
    return std::string(jalon::read_head(object).type.value_or("none"));
  };
  CHECK(type_of(R"({"type":"ping"})") == "ping");
  CHECK(type_of(R"({"type":""})").empty());
  CHECK(type_of(R"({"type":"a\u0000b"})") == "a\0b"s);
  CHECK(type_of("{}") == "none");
  CHECK(type_of(R"({"type":null})") == "none");
  CHECK(type_of(R"({"type":["ping"]})") == "none");
  CHECK(type_of(R"({"Type":"ping"})") == "none");
}

TEST_CASE("an id is a string of at most 64 bytes or an integer of 64 bits") {
  CHECK(id_in("{}") == message_id{});
  CHECK(id_of("0") == message_id(std::uint64_t{0}));
  CHECK(id_of("-0") == message_id(std::uint64_t{0}));
  CHECK(id_of("-1") == message_id(std::int64_t{-1}));
  CHECK(id_of("18446744073709551615") == message_id(std::numeric_limits<std::uint64_t>::max()));
  CHECK(id_of("-9223372036854775808") == message_id(std::numeric_limits<std::int64_t>::min()));
  CHECK(id_of("\"\"") == message_id(""s));
  CHECK(id_of(R"("\u0000")") == message_id("\0"s));
  CHECK(id_of('"' + std::string(64, 'a') + '"') == message_id(std::string(64, 'a')));
  CHECK(id_of('"' + repeated("\u00e9", 32) + '"') == message_id(repeated("\u00e9", 32)));
}

TEST_CASE("an id of another kind is none") {
  const auto value = GENERATE(as<std::string>{}, "null", "true", "1.0", "1e3",
                              "18446744073709551616", "-9223372036854775809", "[]", "{}", "[1]",
                              '"' + std::string(65, 'a') + '"', '"' + repeated("\u00e9", 33) + '"');
  INFO(value);
  CHECK_FALSE(id_of(value).has_value());
}

TEST_CASE("a message is read field by field, and what is not listed is ignored") {
  sample read;
  const auto line = good_but("flag", R"(false,"more":{"text":[1]})");
  REQUIRE(read_sample(line, read));
  CHECK(read.text == "t");
  CHECK_FALSE(read.flag);
  CHECK(read.count == 7);
  CHECK(read.name.value() == "ann");
  CHECK(read.size.value() == 3);
  CHECK(read.note == "n");
  REQUIRE(read.parts.size() == 2);
  CHECK(read.parts[1].number == 2);
  CHECK(read.parts[1].name.value() == "two");
}

TEST_CASE("a field that is missing or of the wrong kind is told by its name, without a code") {
  const auto [name, value] = GENERATE(table<std::string, std::string>({
      {"text", "5"},
      {"text", "null"},
      {"text", R"(["t"])"},
      {"flag", "0"},
      {"flag", "\"true\""},
      {"count", "\"7\""},
      {"count", "true"},
      {"count", "[7]"},
      {"name", "5"},
      {"size", "\"3\""},
      {"size", "null"},
      {"note", "5"},
      {"note", "null"},
      {"parts", "{}"},
      {"parts", "[5]"},
      {"parts", "[{}]"},
      {"parts", R"([{"number":1,"name":2}])"},
      {"parts", R"([{"number":1,"name":"a"},{"number":"1","name":"a"}])"},
  }));
  INFO(name << " is " << value);
  CHECK(failure_of(good_but(name, value)) == name + ": ");
}

TEST_CASE("only a field that is optional may be left out") {
  CHECK(failure_of(good_without("note")).empty());
  for (const std::string name : {"text", "flag", "count", "name", "size"})
    CHECK(failure_of(good_without(name)) == name + ": ");
}

TEST_CASE("a value that is not allowed is told with the code of its rule") {
  const auto [name, value, code] = GENERATE(table<std::string, std::string, std::string>({
      {"count", "-1", "bad_request"},
      {"count", "0.5", "bad_request"},
      {"count", "7.0", "bad_request"},
      {"count", "1e2", "bad_request"},
      {"count", "18446744073709551616", "bad_request"},
      {"name", "\"ANN\"", "bad_name"},
      {"name", R"("an\u0000n")", "bad_name"},
      {"size", "0", "bad_size"},
      {"size", "-0", "bad_size"},
      {"size", "11", "bad_size"},
      {"size", "-3", "bad_size"},
      {"size", "2.5", "bad_size"},
      {"size", "1e300", "bad_size"},
      {"size", "18446744073709551619", "bad_size"},
      {"parts", R"([{"number":1,"name":"A"}])", "bad_request"},
      {"parts", R"([{"number":-1,"name":"a"}])", "bad_request"},
  }));
  INFO(name << " is " << value);
  CHECK(failure_of(good_but(name, value)) == name + ": " + code);
}

TEST_CASE("the bounds of a number are allowed") {
  CHECK(failure_of(good_but("size", "1")).empty());
  CHECK(failure_of(good_but("size", "10")).empty());
  CHECK(failure_of(good_but("count", "0")).empty());
  CHECK(failure_of(good_but("count", "18446744073709551615")).empty());
  CHECK(failure_of(good_but("name", "\"\"")).empty());
}

TEST_CASE("all kinds are judged before any value, and both in the order listed") {
  CHECK(failure_of(R"({"name":"ANN","size":99})") == "text: ");
  CHECK(failure_of(R"({"text":"","flag":1,"count":-1})") == "flag: ");
  const std::string bad_values = R"("size":99,"name":"ANN","count":1,"flag":true,"text":""})";
  CHECK(failure_of(R"({"parts":[],)" + bad_values) == "name: bad_name");
  CHECK(failure_of(R"({"parts":5,)" + bad_values) == "parts: ");
}

TEST_CASE("a message is written with type, id and its fields in the order listed") {
  sample message;
  message.text = "t";
  message.count = std::numeric_limits<std::uint64_t>::max();
  CHECK(jalon::write_message(message) ==
        R"({"type":"sample","text":"t","flag":false,"count":18446744073709551615,"name":"",)"
        R"("size":1,"parts":[]})");
  message.note = "";
  message.parts = {part{1, {}}, part{2, *jalon::checked_text<lower_case>::from("two")}};
  CHECK(
      jalon::write_message(message, message_id(std::int64_t{-5})) ==
      R"({"type":"sample","id":-5,"text":"t","flag":false,"count":18446744073709551615,"name":"",)"
      R"("size":1,"note":"","parts":[{"number":1,"name":""},{"number":2,"name":"two"}]})");
}

TEST_CASE("a message is written behind what is there") {
  std::string lines = "{";
  jalon::append_message(lines, two_views{"a", "\""});
  jalon::as_line(two_views{"", "b"}, message_id("x"))(lines);
  CHECK(
      lines ==
      R"({{"type":"two","first":"a","second":"\""}{"type":"two","id":"x","first":"","second":"b"})");
}

TEST_CASE("a field that is a view shows what the line says, unescaped") {
  json_reader reader;
  two_views read;
  const auto object = reader.read(R"({"first":"a\tb","second":""})");
  REQUIRE_FALSE(jalon::read_message(object.value(), read));
  CHECK(read.first == "a\tb");
  CHECK(read.second.empty());
  CHECK(jalon::read_message(reader.read(R"({"first":"a","second":1})").value(), read)->field ==
        "second");
}

TEST_CASE("what is read is written as it was, whatever the id") {
  sample read;
  REQUIRE(read_sample(good_sample, read));
  CHECK(jalon::write_message(read) == good_sample);
  for (const std::string value : {"0", "-1", "18446744073709551615", "-9223372036854775808",
                                  R"("")", R"("a\"b\\c\td\ne\u0000f\u001f\u007f")"}) {
    const std::string with_id =
        std::string(good_sample).insert(good_sample.find(",\"text\""), ",\"id\":" + value);
    CHECK(jalon::write_message(read, id_of(value).value()) == with_id);
  }
}

TEST_CASE("a text is written as one line of JSON that reads back as the same text") {
  std::string all;
  for (int byte = 0; byte < 0x80; ++byte) all += static_cast<char>(byte);
  all += "\u0080 \u00e9 \u2028 \U0001F600";
  const std::string written = as_json(all);
  CHECK(written.find_first_of("\n\r\0"s) == written.npos);
  json_reader reader;
  const auto object = reader.read("{\"a\":" + written + "}");
  REQUIRE(object.has_value());
  CHECK(jalon::find_field(*object, "a").value().string() == all);
}

TEST_CASE("a text is escaped where JSON or a terminal asks for it, and nowhere else") {
  CHECK(as_json("") == R"("")");
  CHECK(as_json("a/b caf\u00e9") == "\"a/b caf\u00e9\"");
  CHECK(as_json("\"\\") == R"("\"\\")");
  CHECK(as_json("\t\n\r\b\x1b\x7f") == R"("\t\n\u000d\u0008\u001b\u007f")");
}
