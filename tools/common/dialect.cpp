// Dialects, from their JSON files.
#include "dialect.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include <jalon/json_lines.hpp>

#include "resources.hpp"

namespace tools {

namespace {

using nlohmann::json;

// Encodes an integer of @p size bytes for a header.
std::string number_bytes(std::int64_t value, std::size_t size, bool little_endian) {
  std::string bytes;
  for (std::size_t n = 0; n < size; ++n)
    bytes += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * n)) & 0xFFU);
  if (!little_endian) std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

std::int64_t read_number(std::string_view bytes, bool little_endian) {
  std::uint64_t value = 0;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto index = little_endian ? bytes.size() - 1 - n : n;
    value = value << 8U | static_cast<unsigned char>(bytes[index]);
  }
  return bytes.size() == 4 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value);
}

bool little_endian(const json& framing) { return framing.value("order", "little") == "little"; }

std::string up_to_zero(std::string_view field) {
  return std::string(field.substr(0, field.find('\0')));
}

constexpr std::size_t max_file_bytes = 1U << 20;
constexpr std::size_t max_nesting = 32;
constexpr std::size_t max_extends = 8;
constexpr std::size_t max_number_bytes = 8;

json parse(const std::string& text, const std::string& name) {
  if (jalon::detail::json_depth(text) > max_nesting)  // a deep value overflows the stack if copied
    throw std::runtime_error("dialect " + name + " is nested more than 32 levels deep");
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) throw std::runtime_error("dialect " + name + " is no JSON object");
  return value;
}

json read_description(const std::string& name) {
  if (const auto built_in = resource("dialects/" + name + ".json"))
    return parse(std::string(*built_in), name);
  // A pipe or a device could have no end.
  if (std::filesystem::exists(name) && !std::filesystem::is_regular_file(name))
    throw std::runtime_error("dialect " + name + " is no file");
  if (std::filesystem::exists(name) && std::filesystem::file_size(name) > max_file_bytes)
    throw std::runtime_error("dialect " + name + " is larger than 1 MiB");
  return parse(read_file(name), name);
}

// One name for each dialect, however it is spelt.
std::string identity_of(const std::string& name) {
  if (resource("dialects/" + name + ".json")) return name;
  return std::filesystem::weakly_canonical(name).string();
}

// @p chain holds the dialects that lead to this one. @return it, on top of what it extends
json merged(const json& description, std::vector<std::string>& chain) {
  json result = json::object();
  if (const auto base = description.find("extends"); base != description.end()) {
    if (!base->is_string()) throw std::runtime_error("\"extends\" of a dialect is no name");
    const auto name = base->get<std::string>();
    const std::string identity = identity_of(name);
    if (std::find(chain.begin(), chain.end(), identity) != chain.end())
      throw std::runtime_error("dialect " + name + " extends itself");
    if (chain.size() > max_extends)
      throw std::runtime_error("more than 8 dialects extend one another");
    chain.push_back(identity);
    result = merged(read_description(name), chain);
  }
  result.merge_patch(description);
  return result;
}

constexpr std::int64_t max_length = 1 << 20;  // a larger length is taken for an error

void require_size(const json& size, std::int64_t largest) {
  const bool fits = size.is_number_integer() && size >= 0 && size <= largest;
  if (!fits)
    throw std::runtime_error("a size in a dialect is no number from 0 to " +
                             std::to_string(largest));
}

// Checks all sizes, and adds up what the texts expand to.
void require_bounds(const json& value, std::size_t& expanded) {
  if (value.is_string()) expanded += fill(value.get_ref<const std::string&>(), {}).size();
  if (expanded > max_filled)
    throw std::runtime_error("the texts of a dialect are larger than 4 MiB");
  if (!value.is_structured()) return;
  for (const auto& [name, part] : value.items()) {
    if (value.is_object() && (name == "bytes" || name == "least_payload"))
      require_size(part, max_length);
    require_bounds(part, expanded);
  }
}

bool is_number(const json& field) {
  return field.at("name") == "length" || field.at("name") == "type";
}

void require_header(const json& framing) {
  std::int64_t size = 0;
  for (const auto& field : framing.at("fields")) {
    if (is_number(field)) require_size(field.at("bytes"), max_number_bytes);
    size += field.at("bytes").get<std::int64_t>();
    require_size(size, max_length);
  }
}

void require_framing(const json& framing) {
  const auto& kind = framing.at("kind");
  if (kind == "header") require_header(framing);
  if (kind == "prefixed") require_size(framing.at("bytes"), max_number_bytes);
}

// If a length is not plausible, the rest of the stream counts as one broken message.
bool is_plausible(std::int64_t length) { return length >= 0 && length <= max_length; }

}  // namespace

dialect dialect::load(const std::string& name_or_file) {
  return from(read_description(name_or_file), identity_of(name_or_file));
}

dialect dialect::from(const json& description, const std::string& identity) {
  std::vector<std::string> chain{identity};
  dialect result;
  result.description_ = std::make_shared<const json>(merged(description, chain));
  if (!result.description_->contains("framing") || !result.description_->contains("requests"))
    throw std::runtime_error("dialect " + result.name() + " has no framing or no requests");
  std::size_t expanded = 0;
  require_bounds(*result.description_, expanded);
  require_framing(result.framing());
  return result;
}

bool dialect::knows(std::string_view request) const {
  return description_->at("requests").contains(request);
}

std::string dialect::encode(std::string_view request, const arguments& values) const {
  return encode_form(description_->at("requests").at(std::string(request)), values);
}

std::optional<std::string> dialect::attack(std::string_view name, const arguments& values) const {
  const auto attacks = description_->find("attacks");
  if (attacks == description_->end() || !attacks->contains(name)) return std::nullopt;
  return encode_form(attacks->at(std::string(name)), values);
}

std::string dialect::refusal(std::string_view kind) const {
  const auto refusals = description_->find("refusals");
  return refusals == description_->end() ? "" : refusals->value(std::string(kind), "");
}

bool dialect::has_flag(std::string_view property) const {
  return description_->value(std::string(property), false);
}

std::optional<std::uint16_t> dialect::port() const {
  if (!description_->contains("port")) return std::nullopt;
  return description_->at("port").get<std::uint16_t>();
}

std::optional<std::size_t> dialect::longest_name() const {
  if (!description_->contains("longest_name")) return std::nullopt;
  return description_->at("longest_name").get<std::size_t>();
}

std::optional<int> dialect::milestone_of(std::string_view group) const {
  const auto milestones = description_->value("milestones", nlohmann::json::object());
  const auto found = milestones.find(group);
  if (found == milestones.end()) return std::nullopt;
  return found->get<int>();
}

std::size_t dialect::header_bytes() const {
  const auto kind = framing().at("kind");
  if (kind == "prefixed") return framing().at("bytes");
  if (kind != "header") return 0;
  std::size_t size = 0;
  for (const auto& field : framing().at("fields")) size += field.at("bytes").get<std::size_t>();
  return size;
}

std::string dialect::encode_form(const json& form, const arguments& values) const {
  // An attack may ignore the framing.
  if (form.is_object() && form.contains("raw_hex"))
    return from_hex(fill(form.at("raw_hex").get<std::string>(), values));
  if (form.is_object() && form.contains("raw"))
    return fill(form.at("raw").get<std::string>(), values);
  return framing().at("kind") == "header" ? encode_header(form, values) : encode_text(form, values);
}

std::string dialect::encode_text(const json& form, const arguments& values) const {
  const bool is_json = description_->value("escape", "") == "json";
  std::string text = fill(form.get<std::string>(), values, is_json ? as_json : as_is);
  const auto kind = framing().at("kind");
  if (kind == "lines") return text + framing().value("end", "\n");
  if (kind == "prefixed") {
    const std::size_t size = framing().at("bytes");
    const auto length = static_cast<std::int64_t>(text.size());
    return number_bytes(length, size, little_endian(framing())) + text;
  }
  if (kind == "blocks") text.resize(framing().at("bytes").get<std::size_t>(), '\0');
  return text;
}

std::string dialect::encode_header(const json& form, const arguments& values) const {
  std::string payload = fill(form.value("payload", ""), values);
  payload += from_hex(form.value("payload_hex", ""));
  const auto least = framing().value("least_payload", std::size_t{0});
  payload.resize(std::max(payload.size(), form.value("least_payload", least)), '\0');
  const json& defaults = description_->value("defaults", json::object());
  std::string bytes;
  for (const auto& field : framing().at("fields")) {
    const std::string name = field.at("name");
    const std::size_t size = field.at("bytes");
    if (name == "length") {
      const auto length = form.value("length", static_cast<std::int64_t>(payload.size()));
      bytes += number_bytes(length, size, little_endian(framing()));
    } else if (name == "type") {
      bytes += number_bytes(type_number(form.at("type")), size, little_endian(framing()));
    } else {
      std::string text = fill(form.value(name, defaults.value(name, "")), values);
      text.resize(size, '\0');
      bytes += text;
    }
  }
  return bytes + payload;
}

std::int64_t dialect::type_number(const json& type) const {
  if (type.is_number()) return type.get<std::int64_t>();
  return description_->at("types").at(type.get<std::string>()).get<std::int64_t>();
}

std::string dialect::type_name(std::int64_t number) const {
  for (const auto& [name, value] : description_->at("types").items()) {
    if (value == number) return name;
  }
  return "type " + std::to_string(number);
}

std::vector<found_message> dialect::split(std::string_view bytes) const {
  std::vector<found_message> messages;
  for (std::size_t at = 0; at < bytes.size();) {
    auto message = next(bytes, at).value_or(found_message{at, bytes.size(), {}, false});
    if (message.summary.empty())
      message.summary = summary_of(bytes.substr(at, message.end - message.begin));
    at = message.end;
    messages.push_back(std::move(message));
  }
  return messages;
}

std::optional<found_message> dialect::next(std::string_view bytes, std::size_t at) const {
  const auto kind = framing().at("kind");
  const std::size_t left = bytes.size() - at;
  if (kind == "lines") {
    const auto end = bytes.find('\n', at);
    if (end == bytes.npos) return std::nullopt;
    return found_message{at, end + 1, {}, true};
  }
  if (kind == "header") return next_with_header(bytes, at);
  std::size_t size = left;
  if (kind == "blocks") size = framing().at("bytes");
  if (kind == "prefixed") {
    const std::size_t prefix = framing().at("bytes");
    if (left < prefix) return std::nullopt;
    const auto length = read_number(bytes.substr(at, prefix), little_endian(framing()));
    if (!is_plausible(length)) return found_message{at, bytes.size(), {}, false};
    size = prefix + static_cast<std::size_t>(length);
  }
  if (size == 0 || left < size) return std::nullopt;
  return found_message{at, at + size, {}, true};
}

found_message dialect::next_with_header(std::string_view bytes, std::size_t at) const {
  const std::size_t left = bytes.size() - at;
  if (left < header_bytes()) return {at, bytes.size(), "part of a header", false};
  // In the summary, fields that vary come first; the sender, for example, is mostly the same.
  const json usual = description_->value("defaults", json::object());
  std::int64_t length = 0;
  std::string type, fields, usual_fields;
  std::size_t offset = at;
  for (const auto& field : framing().at("fields")) {
    const std::string name = field.at("name");
    const auto content = bytes.substr(offset, field.at("bytes").get<std::size_t>());
    offset += content.size();
    if (name == "length") {
      length = read_number(content, little_endian(framing()));
      usual_fields += " length=" + std::to_string(length);
    } else if (name == "type") {
      type = type_name(read_number(content, little_endian(framing())));
    } else if (const auto text = up_to_zero(content); !text.empty()) {
      auto& summary = usual.contains(name) ? usual_fields : fields;
      summary.append(" ").append(name).append("=\"").append(visible(shortened(text, 40))) += '"';
    }
  }
  if (!is_plausible(length)) return {at, bytes.size(), type + fields + usual_fields, false};
  const auto end = offset + static_cast<std::size_t>(length);
  if (length > 0 && offset < bytes.size())
    fields += " payload \"" + visible(shortened(bytes.substr(offset, end - offset), 60)) + "\"";
  return {at, std::min(end, bytes.size()), type + fields + usual_fields, end <= bytes.size()};
}

arguments dialect::fields_of(std::string_view message) const {
  arguments fields;
  std::size_t offset = 0;
  for (const auto& field : framing().at("fields")) {
    const std::string name = field.at("name");
    const auto content =
        message.substr(std::min(offset, message.size()), field.at("bytes").get<std::size_t>());
    offset += content.size();
    if (name == "type")
      fields[name] = type_name(read_number(content, little_endian(framing())));
    else if (name != "length")
      fields[name] = up_to_zero(content);
  }
  fields["payload"] = up_to_zero(message.substr(offset));
  return fields;
}

std::string dialect::summary_of(std::string_view message) const {
  while (!message.empty() && (message.back() == '\n' || message.back() == '\0'))
    message.remove_suffix(1);
  return visible(shortened(message, 120));
}

}  // namespace tools
