// The values of a JSON object as one flat list, independent of the parser, and views of it.
// No parser is known here: json_reader.hpp has those, and each fills such a list.
//
//     {"to":"ann","list":[1,2]}        size  name   value
//                                      5            object
//                                      1     to     "ann"
//                                      3     list   array
//                                      1            1
//                                      1            2
//
// A container stands before what is in it, and its size says where the next value begins. To read
// a field is to go over a few values that stand side by side in memory: no tree, no pointers.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "json_text.hpp"

namespace jalon {

namespace detail {

enum class json_kind : std::uint8_t {
  null,
  boolean,
  unsigned_integer,
  negative_integer,
  real,
  string,
  array,
  object
};

struct json_node {
  std::string_view name;  // of the field, in an object
  std::string_view text;  // of a string
  std::uint64_t number;   // the bits of a number or a boolean
  std::uint32_t size;     // in nodes: this one and those of what is in it
  json_kind kind;
};

/// Goes over the values of one container.
template <class Value>
class json_iterator {
 public:
  using value_type = Value;
  using difference_type = std::ptrdiff_t;

  json_iterator() = default;
  explicit json_iterator(const json_node* node) : node_(node) {}

  Value operator*() const { return Value(*node_); }
  json_iterator& operator++() {
    node_ += node_->size;
    return *this;
  }
  json_iterator operator++(int) {
    const auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const json_iterator&) const = default;

 private:
  const json_node* node_ = nullptr;
};

/// The values of one container, as a range.
template <class Value>
class json_values {
 public:
  /// No values.
  json_values() = default;
  /// What is in @p container.
  explicit json_values(const json_node& container)
      : begin_(&container + 1), end_(&container + container.size) {}

  json_iterator<Value> begin() const { return json_iterator<Value>(begin_); }
  json_iterator<Value> end() const { return json_iterator<Value>(end_); }

 private:
  const json_node* begin_ = nullptr;
  const json_node* end_ = nullptr;
};

}  // namespace detail

class json_element;
struct json_field;

/// The values of a JSON array, in order: a range of `json_element`.
using json_array = detail::json_values<json_element>;
/// The fields of a JSON object, in order: a range of `json_field`. The same name may come twice.
using json_object = detail::json_values<json_field>;

/// A JSON value of any kind: a view, cheap to copy, good until its reader reads again.
class json_element {
 public:
  /// A view of @p node.
  explicit json_element(const detail::json_node& node) : node_(&node) {}

  /// Whether it is a string.
  bool is_string() const { return is(kind::string); }
  /// Whether it is true or false.
  bool is_boolean() const { return is(kind::boolean); }
  /// Whether it is a number of any kind.
  bool is_number() const {
    return is(kind::unsigned_integer) || is(kind::negative_integer) || is(kind::real);
  }
  /// Whether it is an array.
  bool is_array() const { return is(kind::array); }
  /// Whether it is an object.
  bool is_object() const { return is(kind::object); }

  /// The string, without its escapes, in UTF-8; nothing if it is none.
  std::optional<std::string_view> string() const { return if_is(kind::string, node_->text); }
  /// True or false; nothing if it is neither.
  std::optional<bool> boolean() const { return if_is(kind::boolean, node_->number != 0); }
  /// The integer from 0 to 2^64 - 1; nothing if it is none. A number that
  /// is written with a fraction or an exponent is no integer: 1.0, 1e0.
  std::optional<std::uint64_t> unsigned_integer() const {
    return if_is(kind::unsigned_integer, node_->number);
  }
  /// The integer from -2^63 to -1; nothing if it is none.
  std::optional<std::int64_t> negative_integer() const {
    return if_is(kind::negative_integer, static_cast<std::int64_t>(node_->number));
  }
  /// The number that has a fraction, an exponent or too many digits for 64 bits; nothing if it is
  /// none.
  std::optional<double> real() const {
    return if_is(kind::real, std::bit_cast<double>(node_->number));
  }
  /// The values in the array; none if it is no array.
  json_array array() const { return is_array() ? json_array(*node_) : json_array(); }
  /// The fields of the object; none if it is no object.
  json_object object() const { return is_object() ? json_object(*node_) : json_object(); }

 private:
  using kind = detail::json_kind;

  bool is(kind wanted) const { return node_->kind == wanted; }

  template <class Value>
  std::optional<Value> if_is(kind wanted, Value value) const {
    return is(wanted) ? std::optional(value) : std::nullopt;
  }

  const detail::json_node* node_;
};

/// A field of an object: a view, good until its reader reads again.
struct json_field {
  /// A view of @p node.
  explicit json_field(const detail::json_node& node) : name(node.name), value(node) {}

  std::string_view name;  ///< without its escapes, in UTF-8
  json_element value;     ///< of any kind
};

/// The field @p name of @p object; of several with that name the last.
inline std::optional<json_element> find_field(json_object object, std::string_view name) {
  std::optional<json_element> found;
  for (const json_field field : object) {
    if (field.name == name) found = field.value;
  }
  return found;
}

/// The flat list, as a reader fills it: in the order of the text. Each function takes the name of
/// the field that the value is in; in an array it is empty. Used again for each line, the list
/// keeps its memory. The texts stay the reader's.
class json_nodes {
 public:
  /// Forgets all.
  void clear() {
    nodes_.clear();
    depth_ = 0;
  }

  /// Adds null.
  void add_null(std::string_view name) { nodes_.push_back({name, {}, 0, 1, kind::null}); }
  /// Adds true or false.
  template <std::same_as<bool> Boolean>
  void add(std::string_view name, Boolean value) {
    nodes_.push_back({name, {}, value ? 1U : 0U, 1, kind::boolean});
  }
  /// Adds a string.
  void add(std::string_view name, std::string_view text) {
    nodes_.push_back({name, text, 0, 1, kind::string});
  }
  /// Adds an integer.
  void add(std::string_view name, std::uint64_t number) {
    nodes_.push_back({name, {}, number, 1, kind::unsigned_integer});
  }
  /// Adds an integer.
  void add(std::string_view name, std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    nodes_.push_back(
        {name, {}, bits, 1, number < 0 ? kind::negative_integer : kind::unsigned_integer});
  }
  /// Adds a number that is no integer.
  void add(std::string_view name, double number) {
    nodes_.push_back({name, {}, std::bit_cast<std::uint64_t>(number), 1, kind::real});
  }

  /// Begins an array, in which the next values are. @return its place; nothing if it is nested too
  /// deep
  std::optional<std::size_t> open_array(std::string_view name) { return open(name, kind::array); }
  /// Begins an object likewise.
  std::optional<std::size_t> open_object(std::string_view name) { return open(name, kind::object); }

  /// Ends the container at @p place, which is the one that was begun last.
  void close(std::size_t place) {
    nodes_[place].size = static_cast<std::uint32_t>(nodes_.size() - place);
    --depth_;
  }

  /// The object that was added first. @pre there is one, and it was closed
  json_object root() const { return json_object(nodes_.front()); }

 private:
  using kind = detail::json_kind;

  std::optional<std::size_t> open(std::string_view name, kind what) {
    if (depth_ == max_json_depth) return std::nullopt;
    ++depth_;
    nodes_.push_back({name, {}, 0, 1, what});
    return nodes_.size() - 1;
  }

  std::vector<detail::json_node> nodes_;
  std::size_t depth_ = 0;
};

}  // namespace jalon
