// The server's side of a dialect, from data.
#include "server_dialect.hpp"

#include <algorithm>

namespace tools {

namespace {

using nlohmann::json;

bool is_json(const dialect& dialect) { return dialect.description().value("escape", "") == "json"; }

const json& server_messages(const dialect& dialect) {
  return dialect.description().at("server").at("says");
}

}  // namespace

std::optional<arguments> match_template(std::string_view text, std::string_view form) {
  arguments found;
  while (!form.empty()) {
    const auto open = form.find('{');
    const auto literal = form.substr(0, open);
    if (!text.starts_with(literal)) return std::nullopt;
    text.remove_prefix(literal.size());
    if (open == form.npos) break;
    const auto close = form.find('}', open);
    if (close == form.npos) return std::nullopt;
    const auto name = form.substr(open + 1, close - open - 1);
    form.remove_prefix(close + 1);
    // The value ends where the next literal of the form begins, or at the end of the text.
    const auto behind = form.substr(0, form.find('{'));
    const auto end = behind.empty() ? text.size() : text.find(behind);
    if (end == text.npos) return std::nullopt;
    found[std::string(name)] = text.substr(0, end);
    text.remove_prefix(end);
  }
  if (!text.empty()) return std::nullopt;
  return found;
}

bool server_dialect::knows(std::string_view message) const {
  return has_server() && server_messages(dialect_).contains(message);
}

std::string server_dialect::encode(std::string_view message, const arguments& values) const {
  std::string bytes =
      dialect_.encode_form(server_messages(dialect_).at(std::string(message)), values);
  const auto id = values.find("id");
  if (is_json(dialect_) && id != values.end()) bytes.insert(1, "\"id\":" + id->second + ",");
  return bytes;
}

std::optional<request> server_dialect::decode(std::string_view message) const {
  if (dialect_.header_bytes() > 0) return decode_header(message);
  while (!message.empty() && (message.back() == '\n' || message.back() == '\r'))
    message.remove_suffix(1);
  return is_json(dialect_) ? decode_json(message) : decode_text(message);
}

bool server_dialect::has_field(const std::string& request, const std::string& value) const {
  const auto& requests = dialect_.description().at("requests");
  if (!requests.contains(request)) return false;
  const json& form = requests.at(request);
  const std::string text = form.is_string() ? form.get<std::string>() : form.dump();
  const bool is_member = text.find('"' + value + "\":") != text.npos;
  return is_member || text.find('{' + value + '}') != text.npos;
}

std::optional<request> server_dialect::decode_text(std::string_view message) const {
  std::optional<request> found;
  std::size_t most = 0;
  for (const auto& [name, form] : dialect_.description().at("requests").items()) {
    const auto& text = form.get_ref<const std::string&>();
    auto values = match_template(message, text);
    // If several forms match, the longest literal prefix wins: "/quit" also matches a plain text.
    const std::size_t literal = text.substr(0, text.find('{')).size() + 1;
    if (!values || literal < most) continue;
    most = literal;
    found = request{name, std::move(*values)};
  }
  return found;
}

std::optional<request> server_dialect::decode_json(std::string_view message) const {
  const json object = json::parse(message, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("type") || !object.at("type").is_string())
    return std::nullopt;
  request found{object.at("type").get<std::string>()};
  const auto as_text = [](const json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  for (const auto& [name, value] : object.items()) found.values[name] = as_text(value);
  if (object.contains("id")) found.values["id"] = object.at("id").dump();
  // The dialect may use another name for a value: the field "to" holds a nick.
  const auto& requests = dialect_.description().at("requests");
  if (!requests.contains(found.name)) return found;
  const json form = json::parse(requests.at(found.name).get<std::string>(), nullptr, false);
  if (!form.is_object()) return found;
  for (const auto& [name, value] : form.items()) {
    if (!value.is_string() || !object.contains(name)) continue;
    const auto values = match_template(as_text(object.at(name)), value.get<std::string>());
    if (values) found.values.insert(values->begin(), values->end());
  }
  return found;
}

std::optional<request> server_dialect::decode_header(std::string_view message) const {
  const auto fields = dialect_.fields_of(message);
  for (const auto& [name, form] : dialect_.description().at("requests").items()) {
    if (form.at("type") != fields.at("type")) continue;
    request found{name};
    for (const auto& [field, content] : fields) {
      const auto values = match_template(content, form.value(field, ""));
      if (values) found.values.insert(values->begin(), values->end());
    }
    return found;
  }
  return std::nullopt;
}

std::string server_dialect::answer_to(const request& asked) const {
  if (!has_server()) return {};
  const auto& server = dialect_.description().at("server");
  auto named = server.value("answers", json::object()).value(asked.name, "");
  if (!named.empty()) return named;
  return asked.values.contains("id") ? server.value("confirms", "") : "";
}

bool server_dialect::disconnects_after(std::string_view request) const {
  if (!has_server()) return false;
  const auto& all = dialect_.description().at("server").value("lets_go", json::array());
  return std::find(all.begin(), all.end(), request) != all.end();
}

std::optional<std::string> server_dialect::command_for(std::string_view request,
                                                       const arguments& values) const {
  const auto typed = dialect_.description().find("typed");
  if (typed == dialect_.description().end() || !typed->contains(request)) return std::nullopt;
  return fill(typed->at(std::string(request)).get<std::string>(), values);
}

}  // namespace tools
