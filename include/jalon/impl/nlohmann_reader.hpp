// The longer functions of nlohmann_reader.hpp. The toolkit includes nlohmann/json only here and in
// json_lines.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "../json_text.hpp"
#include "../nlohmann_reader.hpp"

namespace jalon {

namespace detail {

// The string in which nlohmann/json collects a token, byte by byte. Appending a byte to a
// std::string is a function call, which also writes a terminating NUL. Without that, reading takes
// four fifths of the time (docs/performance.md). Only the functions that the parser calls are
// replaced.
class token_text : public std::string {
 public:
  using std::string::string;
  token_text() : std::string(usual_size, '\0') { clear(); }
  token_text(const token_text& other) : std::string(other.view()) {}
  token_text& operator=(const token_text& other) {
    if (this == &other) return *this;
    assign(other.view());
    use_room_from(std::string::size());
    return *this;
  }
  ~token_text() = default;

  [[gnu::always_inline]] void push_back(char c) {
    if (next_ == end_of_room_) grow();
    *next_++ = c;
  }
  void clear() { next_ = std::string::data(); }
  std::size_t size() const { return static_cast<std::size_t>(next_ - begin()); }
  const char* begin() const { return std::string::data(); }
  const char* end() const { return next_; }
  const char* data() {
    push_back('\0');  // for strtod(3)
    --next_;
    return begin();
  }

  std::string_view view() const { return {begin(), size()}; }

 private:
  static constexpr std::size_t usual_size = 256;

  void grow() {
    const std::size_t used = size();
    resize(2 * used + usual_size);
    use_room_from(used);
  }

  void use_room_from(std::size_t used) {
    next_ = std::string::data() + used;
    end_of_room_ = std::string::data() + std::string::size();
  }

  // The base class holds the memory; the token is the bytes before next_.
  char* next_ = std::string::data() + std::string::size();
  char* end_of_room_ = next_;
};

using json_of_tokens = nlohmann::basic_json<std::map, std::vector, token_text>;

// The event handler of sax_parse (nlohmann::json_sax); a function that returns false stops it.
class json_events {
 public:
  json_events(json_nodes& nodes, std::string& texts) : nodes_(nodes), texts_(texts) {}

  bool key(const token_text& name) {
    name_ = kept(name);
    return true;
  }
  bool start_object(std::size_t /*size*/) { return opened(nodes_.open_object(take_name())); }
  bool start_array(std::size_t /*size*/) { return opened(nodes_.open_array(take_name())); }
  bool end_object() { return end_array(); }
  bool end_array() {
    nodes_.close(open_.back());
    open_.pop_back();
    return true;
  }

  bool null() {
    nodes_.add_null(take_name());
    return true;
  }
  bool boolean(bool value) { return add(value); }
  bool string(const token_text& text) { return add(kept(text)); }
  bool number_unsigned(std::uint64_t number) { return add(number); }
  bool number_integer(std::int64_t number) { return add(number); }
  bool number_float(double number, const std::string& /*written*/) { return add(number); }

  // Binary formats are not JSON, and an error ends parsing.
  static bool binary(const json_of_tokens::binary_t& /*bytes*/) { return false; }
  static bool parse_error(std::size_t /*place*/, const std::string& /*token*/,
                          const nlohmann::json::exception& /*error*/) {
    return false;
  }

 private:
  template <class Value>
  bool add(Value value) {
    nodes_.add(take_name(), value);
    return true;
  }

  bool opened(std::optional<std::size_t> place) {
    if (place) open_.push_back(*place);
    return place.has_value();
  }

  // A decoded text is never longer than in the line, so the reserved memory is enough for all.
  std::string_view kept(const token_text& text) {
    const std::size_t begin = texts_.size();
    texts_ += text.view();
    return std::string_view(texts_).substr(begin);
  }

  std::string_view take_name() { return std::exchange(name_, {}); }

  json_nodes& nodes_;
  std::string& texts_;
  std::string_view name_;          // of the next value
  std::vector<std::size_t> open_;  // the open containers
};

}  // namespace detail

JALON_INLINE std::optional<json_object> nlohmann_reader::read(std::string_view line) {
  const auto text = json_object_text(line);
  // nlohmann/json takes a NUL byte for the end of the text, whatever follows.
  if (!text || text->find('\0') != text->npos) return std::nullopt;
  nodes_.clear();
  texts_.clear();
  texts_.reserve(text->size());  // the texts must not move: nodes_ holds views of them
  detail::json_events events(nodes_, texts_);
  const bool is_read = detail::json_of_tokens::sax_parse(text->begin(), text->end(), &events);
  return is_read ? std::optional(nodes_.root()) : std::nullopt;
}

}  // namespace jalon
