// The layouts of binary headers.
#include "layouts.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace check {

namespace {

using nlohmann::json;

constexpr std::int64_t longest_payload = 1 << 16;
constexpr std::int64_t greatest_type = 100;
constexpr std::size_t one_more_message = 4;  // many small ones in an answer are less likely

// One choice for each property, by its index in the lists of deviations.json.
struct choice {
  std::size_t fields, length, type, sender, infos, extra, place, order;

  // Several deviations at once are less usual than a rare one.
  std::size_t cost() const {
    const std::size_t sum = fields + length + type + sender + infos + extra + place + order;
    std::size_t deviations = 0;
    for (const std::size_t one : {fields, length, type, sender, infos, extra, order})
      deviations += one > 0 ? 1 : 0;
    return sum + 10 * deviations;
  }
};

json field(const std::string& name, const json& bytes) {
  return {{"name", name}, {"bytes", bytes}};
}

json framing_of(const json& known, const choice& of) {
  json fields = json::array();
  for (const auto& name : known.at("fields").at(of.fields)) {
    if (name == "length") fields.push_back(field("length", known.at("number_bytes").at(of.length)));
    if (name == "type") fields.push_back(field("type", known.at("number_bytes").at(of.type)));
    if (name == "sender") fields.push_back(field("sender", known.at("text_bytes").at(of.sender)));
    if (name == "infos") fields.push_back(field("infos", known.at("text_bytes").at(of.infos)));
  }
  if (of.extra > 0) {
    const auto at = fields.end() - static_cast<std::ptrdiff_t>(of.place);
    fields.insert(at, field("extra", known.at("extra_bytes").at(of.extra)));
  }
  return {{"kind", "header"}, {"order", known.at("orders").at(of.order)}, {"fields", fields}};
}

// Layouts differ from the usual one in few properties: rare sizes are not combined with each other.
constexpr std::size_t highest_cost = 46;

void add_sizes(const json& known, choice of, std::vector<layout>& all) {
  for (of.sender = 0; of.sender < known.at("text_bytes").size(); ++of.sender) {
    for (of.infos = 0; of.infos < known.at("text_bytes").size(); ++of.infos) {
      for (of.extra = 0; of.extra < known.at("extra_bytes").size(); ++of.extra) {
        for (of.place = 0; of.place <= (of.extra == 0 ? 0U : 4U); ++of.place) {
          if (of.cost() <= highest_cost) all.push_back({framing_of(known, of), of.cost()});
        }
      }
    }
  }
}

std::int64_t number_in(std::string_view bytes, bool little) {
  std::uint64_t value = 0;
  for (std::size_t n = 0; n < bytes.size(); ++n)
    value = value << 8U | static_cast<unsigned char>(bytes[little ? bytes.size() - 1 - n : n]);
  return bytes.size() == 4 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value);
}

bool is_shown(char c) {
  return static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\x1B';
}

// The bytes of a text field that are no text: before its first zero, and behind it.
std::size_t unclean(std::string_view text) {
  const auto end = std::min(text.find('\0'), text.size());
  const auto shown =
      std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), is_shown);
  const auto behind = text.substr(end);
  const auto zeros = std::count(behind.begin(), behind.end(), '\0');
  return 8 * (end - static_cast<std::size_t>(shown)) + behind.size() -
         static_cast<std::size_t>(zeros);
}

// The misfit of the message at the start of @p bytes, which is removed.
std::size_t take_message(const json& framing, std::string_view& bytes) {
  const bool little = framing.at("order") == "little";
  std::int64_t length = 0;
  std::size_t bad = 0;
  for (const auto& one : framing.at("fields")) {
    const auto size = one.at("bytes").get<std::size_t>();
    if (bytes.size() < size) return no_fit;
    const auto content = bytes.substr(0, size);
    bytes.remove_prefix(size);
    const auto& name = one.at("name");
    if (name == "length") length = number_in(content, little);
    if (name == "type" && std::abs(number_in(content, little)) > greatest_type) return no_fit;
    if (name == "sender" || name == "infos") bad += unclean(content);
  }
  if (length < 0 || length > longest_payload || static_cast<std::size_t>(length) > bytes.size())
    return no_fit;
  bytes.remove_prefix(static_cast<std::size_t>(length));
  return bad;
}

}  // namespace

std::vector<layout> all_layouts(const json& known, const json& usual) {
  std::vector<layout> all{{usual, 0}};
  choice of{};
  for (of.order = 0; of.order < known.at("orders").size(); ++of.order) {
    for (of.fields = 0; of.fields < known.at("fields").size(); ++of.fields) {
      for (of.length = 0; of.length < known.at("number_bytes").size(); ++of.length) {
        for (of.type = 0; of.type < known.at("number_bytes").size(); ++of.type)
          add_sizes(known, of, all);
      }
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const layout& a, const layout& b) { return a.cost < b.cost; });
  return all;
}

std::size_t misfit(const json& framing, std::string_view bytes) {
  std::size_t sum = 0;
  while (!bytes.empty()) {
    const std::size_t bad = take_message(framing, bytes);
    if (bad == no_fit) return no_fit;
    sum += bad + one_more_message;
  }
  return sum;
}

std::vector<layout> fitting(const std::vector<layout>& all,
                            const std::vector<std::string>& replies) {
  std::vector<std::pair<std::size_t, const layout*>> found;
  for (const auto& one : all) {
    std::size_t sum = 0;
    for (const auto& reply : replies) {
      const std::size_t bad = misfit(one.framing, reply);
      if (bad == no_fit) sum = no_fit;
      if (sum != no_fit) sum += bad;
    }
    if (sum != no_fit) found.emplace_back(sum, &one);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<layout> best;
  best.reserve(found.size());
  for (const auto& [bad, one] : found) best.push_back(*one);
  return best;
}

}  // namespace check
