// Where the numbers of a binary header are.
#include "header_search.hpp"

#include <algorithm>
#include <utility>

namespace check {

namespace {

constexpr std::size_t many_headers = 8'192;
constexpr std::size_t longest_header = 1'280;
constexpr std::size_t one_piece = 64;
constexpr std::size_t least_header = 12;  // less was answered before it was whole

class header_search {
 public:
  explicit header_search(const reply_function& reply) : reply_(reply) {}

  header_facts run() {
    if (!answers(message(stimulus_)) && !find_length_by_halves()) return std::move(facts_);
    const std::size_t whole = shortest_message();
    if (whole < least_header + facts_.least_payload) return std::move(facts_);
    facts_.bytes = whole - facts_.least_payload;
    find_numbers();
    return std::move(facts_);
  }

 private:
  // Zeros; if a payload is needed, it has one byte. So the length is 1.
  std::string message(std::size_t bytes) const {
    std::string zeros(bytes, '\0');
    if (facts_.least_payload > 0 && facts_.length_low < bytes) zeros[facts_.length_low] = '\1';
    return zeros;
  }

  std::string message_with_one_at(std::size_t place) const {
    std::string changed = message(facts_.bytes + facts_.least_payload);
    changed[place] = '\1';
    return changed;
  }

  std::string reply_to(const std::string& bytes) { return reply_(bytes, bytes.size()).bytes; }

  bool answers(const std::string& bytes) {
    std::string came = reply_to(bytes);
    const bool is_answer = !came.empty();
    if (is_answer) facts_.reply = std::move(came);
    return is_answer;
  }

  bool answers_after(const std::string& bytes, std::size_t more) {
    return answers(bytes + std::string(more, '\0'));
  }

  // The least number up to @p most, for which @p holds; it holds for all greater ones.
  template <typename Predicate>
  static std::size_t least(const Predicate& holds, std::size_t most) {
    std::size_t low = 0;
    while (most - low > 1) {
      const std::size_t middle = low + (most - low) / 2;
      (holds(middle) ? most : low) = middle;
    }
    return most;
  }

  // The length of the shortest message. If it has a payload, that is shortest if the one is in the
  // least significant byte of the length, which may be beside the place that was found.
  std::size_t shortest_message() {
    const std::size_t place = facts_.length_low;
    std::size_t shortest = bytes_of_message();
    if (facts_.least_payload == 0) return shortest;
    for (const std::size_t other : {place - 1, place + 1}) {
      const std::size_t before = std::exchange(facts_.length_low, other);
      const std::size_t bytes = answers(message(stimulus_)) ? bytes_of_message() : stimulus_;
      if (bytes < shortest)
        shortest = bytes;
      else
        facts_.length_low = before;
    }
    return shortest;
  }

  std::size_t bytes_of_message() {
    return least([this](std::size_t bytes) { return answers(message(bytes)); }, stimulus_);
  }

  // Without a payload there is no answer. With ones at every eighth place, no length but 1 can be
  // in the text; it is answered if the least significant byte of the length is at one of them. It
  // is sent in pieces, because programs drop an answer if they do not understand what follows.
  bool find_length_by_halves() {
    for (const std::size_t first : {0U, 4U, 7U, 3U, 2U, 1U, 5U, 6U}) {
      std::size_t size = longest_header;
      const auto ones_before = [&](std::size_t end) {
        std::string bytes(size, '\0');
        for (std::size_t at = first; at < end; at += 8) bytes[at] = '\1';
        return bytes;
      };
      const auto came = reply_(ones_before(size), one_piece);
      if (came.bytes.empty()) continue;
      size = came.after;
      const std::size_t end =
          least([&](std::size_t middle) { return answers(ones_before(middle)); }, size);
      facts_.length_low = end - 1;
      facts_.least_payload = 1;
      stimulus_ = size;
      return true;
    }
    return false;
  }

  void find_numbers() {
    const std::string usual = reply_to(message(facts_.bytes + facts_.least_payload));
    for (std::size_t at = 0; at < facts_.bytes; ++at) {
      if (facts_.least_payload > 0 && at == facts_.length_low) continue;
      std::string came = reply_to(message_with_one_at(at));
      if (came != usual) facts_.types.push_back({at, std::move(came)});
    }
    if (facts_.least_payload == 0 && !find_length()) facts_.bytes = 0;
    facts_.little = !is_next(facts_.length_low - 1);
    std::erase_if(facts_.types, [this](const type_place& place) {
      return place.at == facts_.length_low || is_next(place.at);
    });
    facts_.reply = usual;
  }

  bool find_length() {
    const auto found =
        std::find_if(facts_.types.begin(), facts_.types.end(), [this](const type_place& place) {
          return place.reply.empty() && answers_after(message_with_one_at(place.at), 1);
        });
    if (found == facts_.types.end()) return false;
    facts_.length_low = found->at;
    return true;
  }

  // Whether this byte is the one of the length that counts 256.
  bool is_next(std::size_t at) {
    const bool is_silent = std::any_of(
        facts_.types.begin(), facts_.types.end(),
        [at](const type_place& place) { return place.at == at && place.reply.empty(); });
    const bool is_beside = at + 1 == facts_.length_low || at == facts_.length_low + 1;
    return is_silent && is_beside && answers_after(message_with_one_at(at), 256);
  }

  const reply_function& reply_;
  std::size_t stimulus_ = many_headers;  // bytes that have at least one message
  header_facts facts_;
};

}  // namespace

header_facts find_header(const reply_function& reply) { return header_search(reply).run(); }

}  // namespace check
