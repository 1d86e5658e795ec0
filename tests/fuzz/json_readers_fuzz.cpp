// Any bytes as a line of JSON, for both readers: both refuse it, or both read the same fields.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <jalon/json_lines.hpp>
#include <jalon/json_text.hpp>
#include <jalon/json_view.hpp>
#include <jalon/nlohmann_reader.hpp>
#include <jalon/simdjson_reader.hpp>

namespace {

void print(jalon::json_element value, std::string& out);

void print(jalon::json_object object, std::string& out) {
  out += '{';
  for (const auto field : object) {
    jalon::append_json(out, field.name);
    out += ':';
    print(field.value, out);
    out += ',';
  }
  out += '}';
}

// Writes each value so that another kind, or another bit of a number, reads differently.
void print(jalon::json_element value, std::string& out) {
  if (value.is_object()) return print(value.object(), out);
  if (value.is_array()) {
    out += '[';
    for (const auto element : value.array()) {
      print(element, out);
      out += ',';
    }
    out += ']';
  } else if (const auto text = value.string()) {
    jalon::append_json(out, *text);
  } else if (const auto flag = value.boolean()) {
    jalon::append_json(out, *flag);
  } else if (const auto number = value.unsigned_integer()) {
    jalon::append_json(out, *number);
  } else if (const auto negative = value.negative_integer()) {
    jalon::append_json(out, *negative);
  } else if (const auto real = value.real()) {
    char digits[64];
    std::snprintf(digits, sizeof digits, "%a", *real);
    out += digits;
  } else {
    out += "null";
  }
}

std::string printed(const std::optional<jalon::json_object>& object) {
  if (!object) return "refused";
  std::string out;
  print(*object, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  jalon::simdjson_reader simdjson;
  jalon::nlohmann_reader nlohmann;
  const auto one = printed(simdjson.read(line)), other = printed(nlohmann.read(line));
  // A value of nlohmann/json is another way to the same fields, and can be written.
  const auto value = jalon::parse_json_line(line);
  const bool agree = one == other && value.has_value() == (other != "refused");
  if (agree && value) jalon::write_json_line(*value);
  if (agree) return 0;
  std::fprintf(stderr, "line: %.*s\nsimdjson: %s\nnlohmann: %s\nvalue: %s\n",
               static_cast<int>(size), line.data(), one.c_str(), other.c_str(),
               value ? "read" : "refused");
  std::abort();
}
