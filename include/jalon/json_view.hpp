// The values of a JSON object as one flat list, and views of it.
// It does not depend on a parser: each reader (json_reader.hpp) fills such a list.
//
//     {"to":"ann","list":[1,2]}        size  name   value
//                                      5            object
//                                      1     to     "ann"
//                                      3     list   array
//                                      1            1
//                                      1            2
//
// A container precedes its values, and its size says where the next value begins. Reading a field
// is a walk over a few values that are adjacent in memory, without a tree and its pointers.
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
  std::uint32_t size;     // in nodes: this node and all nodes inside it
  json_kind kind;
};

/// Iterates over the values of a container.
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

/// The values of a container, as a range.
template <class Value>
class json_values {
 public:
  /// No values.
  json_values() = default;
  /// The values in @p container.
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
/// The fields of a JSON object, in order: a range of `json_field`. A name may occur twice.
using json_object = detail::json_values<json_field>;

/// A JSON value of any type: a view, cheap to copy, valid until its reader reads again.
class json_element {
 public:
  /// A view of @p node.
  explicit json_element(const detail::json_node& node) : node_(&node) {}

  /// Whether it is a string.
  bool is_string() const { return is(kind::string); }
  /// Whether it is true or false.
  bool is_boolean() const { return is(kind::boolean); }
  /// Whether it is a number, of any form.
  bool is_number() const {
    return is(kind::unsigned_integer) || is(kind::negative_integer) || is(kind::real);
  }
  /// Whether it is an array.
  bool is_array() const { return is(kind::array); }
  /// Whether it is an object.
  bool is_object() const { return is(kind::object); }

  /// The string in UTF-8, with its escapes decoded; `std::nullopt` if it is not a string.
  std::optional<std::string_view> string() const { return if_is(kind::string, node_->text); }
  /// The boolean; `std::nullopt` if it is not one.
  std::optional<bool> boolean() const { return if_is(kind::boolean, node_->number != 0); }
  /// The integer, if it is from 0 to 2^64 - 1; `std::nullopt` otherwise. A number that is written
  /// with a fraction or an exponent, as 1.0 or 1e0, is not an integer.
  std::optional<std::uint64_t> unsigned_integer() const {
    return if_is(kind::unsigned_integer, node_->number);
  }
  /// The integer, if it is from -2^63 to -1; `std::nullopt` otherwise.
  std::optional<std::int64_t> negative_integer() const {
    return if_is(kind::negative_integer, static_cast<std::int64_t>(node_->number));
  }
  /// The number, if it has a fraction, an exponent or more than 64 bits; `std::nullopt` otherwise.
  std::optional<double> real() const {
    return if_is(kind::real, std::bit_cast<double>(node_->number));
  }
  /// The values of the array; empty if it is not an array.
  json_array array() const { return is_array() ? json_array(*node_) : json_array(); }
  /// The fields of the object; empty if it is not an object.
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

/// A field of an object: a view, valid until its reader reads again.
struct json_field {
  /// A view of @p node.
  explicit json_field(const detail::json_node& node) : name(node.name), value(node) {}

  std::string_view name;  ///< in UTF-8, with its escapes decoded
  json_element value;     ///< of any type
};

/// The value of the field @p name of @p object, the last one if there are several; `std::nullopt`
/// if there is none.
inline std::optional<json_element> find_field(json_object object, std::string_view name) {
  std::optional<json_element> found;
  for (const json_field field : object) {
    if (field.name == name) found = field.value;
  }
  return found;
}

/// The flat list. A reader fills it in the order of the text. Each function takes the name of the
/// value's field, which is empty in an array. The list is reused for each line, and keeps its
/// memory. The reader owns the names and strings. For one thread.
class json_nodes {
 public:
  /// Removes all values.
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
  /// Adds a number that is not an integer.
  void add(std::string_view name, double number) {
    nodes_.push_back({name, {}, std::bit_cast<std::uint64_t>(number), 1, kind::real});
  }

  /// Begins an array, which contains the values that are added until it is closed.
  /// @return its index in the list; `std::nullopt` if it is nested more than `max_json_depth` deep
  std::optional<std::size_t> open_array(std::string_view name) { return open(name, kind::array); }
  /// Begins an object, in the same way.
  std::optional<std::size_t> open_object(std::string_view name) { return open(name, kind::object); }

  /// Ends the container at @p index. @pre it is the innermost open container
  void close(std::size_t index) {
    nodes_[index].size = static_cast<std::uint32_t>(nodes_.size() - index);
    --depth_;
  }

  /// The object that was added first. @pre there is one, and it is closed
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
