// The layouts of binary headers.
#include "layouts.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace check {

namespace {

constexpr std::size_t no_fit = static_cast<std::size_t>(-1);

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

// The fields of a header in their order: the name of each, and its bytes.
using field_list = std::vector<std::pair<std::string, std::size_t>>;

field_list fields_of(const json& known, const choice& of) {
  field_list fields;
  for (const auto& name : known.at("fields").at(of.fields)) {
    const bool is_number = name == "length" || name == "type";
    const std::size_t chosen = name == "length"   ? of.length
                               : name == "type"   ? of.type
                               : name == "sender" ? of.sender
                                                  : of.infos;
    fields.emplace_back(name, known.at(is_number ? "number_bytes" : "text_bytes").at(chosen));
  }
  if (of.extra > 0)
    fields.emplace(fields.end() - static_cast<std::ptrdiff_t>(of.place), "extra",
                   known.at("extra_bytes").at(of.extra));
  return fields;
}

json framing_of(const json& known, const choice& of) {
  json fields = json::array();
  for (const auto& [name, bytes] : fields_of(known, of))
    fields.push_back({{"name", name}, {"bytes", bytes}});
  return {{"kind", "header"}, {"order", known.at("orders").at(of.order)}, {"fields", fields}};
}

field_list fields_of(const json& framing) {
  field_list fields;
  for (const auto& one : framing.at("fields"))
    fields.emplace_back(one.at("name"), one.at("bytes").get<std::size_t>());
  return fields;
}

// Layouts differ from the usual one in few properties: rare sizes are not combined with each other.
constexpr std::size_t highest_cost = 46;

// The answer to a message where this byte is 1; null if it can't be the type's.
const std::string* reply_at(const header_facts& facts, std::size_t at) {
  const auto found = std::find_if(facts.types.begin(), facts.types.end(),
                                  [at](const type_place& place) { return place.at == at; });
  return found == facts.types.end() ? nullptr : &found->reply;
}

bool agree(const header_facts& facts, const field_list& fields, bool little) {
  std::size_t at = 0;
  for (const auto& [name, bytes] : fields) {
    const std::size_t low = little ? at : at + bytes - 1;
    if (name == "length" && low != facts.length_low) return false;
    if (name == "type" && reply_at(facts, low) == nullptr) return false;
    at += bytes;
  }
  return at == facts.bytes && little == facts.little;
}

// All choices of the sizes, of which most are dropped by their sum.
class size_search {
 public:
  size_search(const header_facts& facts, const json& known) : facts_(facts), known_(known) {
    for (const char* const name : {"number_bytes", "text_bytes", "extra_bytes"})
      sizes_.push_back(known.at(name).get<std::vector<std::size_t>>());
  }

  void add_all(choice of, std::vector<layout>& all) const {
    for (of.length = 0; of.length < numbers().size(); ++of.length) {
      for (of.type = 0; of.type < numbers().size(); ++of.type) {
        for (of.sender = 0; of.sender < texts().size(); ++of.sender) {
          for (of.infos = 0; of.infos < texts().size(); ++of.infos) add_with_extra(of, all);
        }
      }
    }
  }

 private:
  const std::vector<std::size_t>& numbers() const { return sizes_[0]; }
  const std::vector<std::size_t>& texts() const { return sizes_[1]; }
  const std::vector<std::size_t>& extras() const { return sizes_[2]; }

  void add_with_extra(choice of, std::vector<layout>& all) const {
    for (of.extra = 0; of.extra < extras().size(); ++of.extra) {
      const std::size_t sum = numbers()[of.length] + numbers()[of.type] + texts()[of.sender] +
                              texts()[of.infos] + extras()[of.extra];
      if (facts_.bytes > 0 && sum != facts_.bytes) continue;
      for (of.place = 0; of.place <= (of.extra == 0 ? 0U : 4U); ++of.place) {
        if (is_possible(of)) all.push_back({framing_of(known_, of), of.cost()});
      }
    }
  }

  bool is_possible(const choice& of) const {
    if (facts_.bytes == 0) return of.cost() <= highest_cost;
    return agree(facts_, fields_of(known_, of), known_.at("orders").at(of.order) == "little");
  }

  const header_facts& facts_;
  const json& known_;
  std::vector<std::vector<std::size_t>> sizes_;
};

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

// How badly @p bytes, which a program has sent, fit a layout: less for few messages with clean text
// fields. @return no_fit if they can't be whole messages at all
std::size_t misfit(const json& framing, std::string_view bytes) {
  std::size_t sum = 0;
  while (!bytes.empty()) {
    const std::size_t bad = take_message(framing, bytes);
    if (bad == no_fit) return no_fit;
    sum += bad + one_more_message;
  }
  return sum;
}

// How badly the answer fits that came where the type was 1.
std::size_t misfit_of_type(const json& framing, const header_facts& facts) {
  constexpr std::size_t unanswered = 1'000;  // less likely than any other place
  std::size_t at = 0;
  for (const auto& [name, bytes] : fields_of(framing)) {
    const std::size_t low = framing.at("order") == "little" ? at : at + bytes - 1;
    const auto* const reply = name == "type" ? reply_at(facts, low) : nullptr;
    if (reply != nullptr) return reply->empty() ? unanswered : misfit(framing, *reply);
    at += bytes;
  }
  return 0;
}

}  // namespace

std::vector<layout> layouts_with(const header_facts& facts, const json& known, const json& usual) {
  std::vector<layout> all;
  if (facts.bytes == 0 || agree(facts, fields_of(usual), usual.at("order") == "little"))
    all.push_back({usual, 0});
  const size_search search(facts, known);
  choice of{};
  for (of.order = 0; of.order < known.at("orders").size(); ++of.order) {
    for (of.fields = 0; of.fields < known.at("fields").size(); ++of.fields) search.add_all(of, all);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const layout& a, const layout& b) { return a.cost < b.cost; });
  return all;
}

std::vector<layout> fitting(const std::vector<layout>& all, const header_facts& facts) {
  std::vector<std::pair<std::size_t, const layout*>> found;
  for (const auto& one : all) {
    const std::size_t bad = misfit(one.framing, facts.reply);
    const std::size_t with_type = bad == no_fit ? no_fit : misfit_of_type(one.framing, facts);
    if (with_type != no_fit && !facts.reply.empty()) found.emplace_back(bad + with_type, &one);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<layout> best;
  best.reserve(found.size());
  for (const auto& [bad, one] : found) best.push_back(*one);
  return best;
}

}  // namespace check
