// The server's side of a dialect, from data.
#include "server_speech.hpp"

#include <algorithm>

namespace tools {

namespace {

using nlohmann::json;

bool is_json(const dialect& speech) { return speech.description().value("escape", "") == "json"; }

const json& said_by_server(const dialect& speech) {
  return speech.description().at("server").at("says");
}

}  // namespace

std::optional<arguments> values_in(std::string_view text, std::string_view form) {
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
    // The value goes on to what stands behind it in the form, and to the end if nothing does.
    const auto behind = form.substr(0, form.find('{'));
    const auto end = behind.empty() ? text.size() : text.find(behind);
    if (end == text.npos) return std::nullopt;
    found[std::string(name)] = text.substr(0, end);
    text.remove_prefix(end);
  }
  if (!text.empty()) return std::nullopt;
  return found;
}

bool server_speech::knows(std::string_view what) const {
  return is_there() && said_by_server(speech_).contains(what);
}

std::string server_speech::says(std::string_view what, const arguments& values) const {
  std::string bytes = speech_.encode_form(said_by_server(speech_).at(std::string(what)), values);
  const auto id = values.find("id");
  if (is_json(speech_) && id != values.end()) bytes.insert(1, "\"id\":" + id->second + ",");
  return bytes;
}

std::optional<request> server_speech::read(std::string_view message) const {
  if (speech_.header_bytes() > 0) return read_header(message);
  while (!message.empty() && (message.back() == '\n' || message.back() == '\r'))
    message.remove_suffix(1);
  return is_json(speech_) ? read_json(message) : read_text(message);
}

bool server_speech::has_place(const std::string& request, const std::string& value) const {
  const auto& requests = speech_.description().at("requests");
  if (!requests.contains(request)) return false;
  const json& form = requests.at(request);
  const std::string text = form.is_string() ? form.get<std::string>() : form.dump();
  const bool is_member = text.find('"' + value + "\":") != text.npos;
  return is_member || text.find('{' + value + '}') != text.npos;
}

std::optional<request> server_speech::read_text(std::string_view message) const {
  std::optional<request> found;
  std::size_t most = 0;
  for (const auto& [name, form] : speech_.description().at("requests").items()) {
    const auto& text = form.get_ref<const std::string&>();
    auto values = values_in(message, text);
    // Of several that fit, the one that says most by itself: "/quit" is a text too.
    const std::size_t literal = text.substr(0, text.find('{')).size() + 1;
    if (!values || literal < most) continue;
    most = literal;
    found = request{name, std::move(*values)};
  }
  return found;
}

std::optional<request> server_speech::read_json(std::string_view message) const {
  const json object = json::parse(message, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("type") || !object.at("type").is_string())
    return std::nullopt;
  request found{object.at("type").get<std::string>()};
  const auto as_text = [](const json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  for (const auto& [name, value] : object.items()) found.values[name] = as_text(value);
  if (object.contains("id")) found.values["id"] = object.at("id").dump();
  // What stands in a field under another name: "to" is a nick.
  const auto& requests = speech_.description().at("requests");
  if (!requests.contains(found.name)) return found;
  const json form = json::parse(requests.at(found.name).get<std::string>(), nullptr, false);
  if (!form.is_object()) return found;
  for (const auto& [name, value] : form.items()) {
    if (!value.is_string() || !object.contains(name)) continue;
    const auto values = values_in(as_text(object.at(name)), value.get<std::string>());
    if (values) found.values.insert(values->begin(), values->end());
  }
  return found;
}

std::optional<request> server_speech::read_header(std::string_view message) const {
  const auto fields = speech_.fields_of(message);
  for (const auto& [name, form] : speech_.description().at("requests").items()) {
    if (form.at("type") != fields.at("type")) continue;
    request found{name};
    for (const auto& [field, content] : fields) {
      const auto values = values_in(content, form.value(field, ""));
      if (values) found.values.insert(values->begin(), values->end());
    }
    return found;
  }
  return std::nullopt;
}

std::string server_speech::answer_to(const request& asked) const {
  if (!is_there()) return {};
  const auto& server = speech_.description().at("server");
  auto named = server.value("answers", json::object()).value(asked.name, "");
  if (!named.empty()) return named;
  return asked.values.contains("id") ? server.value("confirms", "") : "";
}

bool server_speech::lets_go_after(std::string_view request) const {
  if (!is_there()) return false;
  const auto& all = speech_.description().at("server").value("lets_go", json::array());
  return std::find(all.begin(), all.end(), request) != all.end();
}

std::optional<std::string> server_speech::typed(std::string_view request,
                                                const arguments& values) const {
  const auto typed = speech_.description().find("typed");
  if (typed == speech_.description().end() || !typed->contains(request)) return std::nullopt;
  return fill(typed->at(std::string(request)).get<std::string>(), values);
}

}  // namespace tools
