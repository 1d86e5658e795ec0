// Uses the toolkit and its JSON lines, as the README shows: each object goes back with a field
// more.
#include <string>
#include <string_view>
#include <variant>

#include <jalon.hpp>
#include <jalon/json_lines.hpp>
#include <jalon/json_reader.hpp>

struct counter final : jalon::service {
  int count = 0;
  void received(jalon::connection_id who, std::string_view line, jalon::actions& out) override {
    auto message = jalon::parse_json_line(line);
    if (!message) return out.send(who, R"({"error":"a line must be one JSON object"})");
    (*message)["count"] = ++count;
    out.send(who, jalon::write_json_line(*message));
  }
};

// What the service sends for a line.
std::string answer_to(std::string_view line) {
  counter service;
  jalon::actions out;
  service.received(jalon::connection_id{}, line, out);
  return std::string(out.frame(std::get<jalon::actions::send_frame>(out[0])));
}

int main() {
  const bool reads_lines = answer_to(R"({"type":"ping"})") == "{\"count\":1,\"type\":\"ping\"}" &&
                           answer_to("hello") != answer_to("{}");
  const bool reads_messages = jalon::json_reader().read(R"({"type":"ping"})").has_value();
  return reads_lines && reads_messages ? 0 : 1;
}
