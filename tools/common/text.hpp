// Bytes and templates as text: what was on the wire made readable, and `{name}` filled in.
// What the bytes mean is not known here.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tools {

/// Values for the `{name}`s of a template.
using arguments = std::map<std::string, std::string, std::less<>>;

/// @p bytes as they are shown: printable ASCII and UTF-8 as it is, the rest as `\n`, `\x00`, ...; a
/// long run of one byte as `x{120 times}`.
std::string visible(std::string_view bytes);

/// @p bytes as `68 65 6c`.
std::string hex(std::string_view bytes);

/// The bytes that `68 65 6c` stands for; what is no hex digit is skipped.
std::string from_hex(std::string_view text);

/// Bytes of any kind as UTF-8, for JSON's strings: each byte is the character of its number.
std::string latin(std::string_view bytes);
/// The bytes that `latin` has written.
std::string from_latin(const std::string& text);

/// How a value is written into a template.
using escape = std::string (*)(std::string_view);

/// The value as it is.
std::string as_it_is(std::string_view value);

/// The value as the inside of a JSON string.
std::string as_json(std::string_view value);

/// The value for HTML and XML text and attributes.
std::string as_html(std::string_view value);

/// The value as one step of a link's path (RFC 3986).
std::string as_address(std::string_view value);

/// Fills in each `{name}` that @p values has, and repeats each `{text*3}`; anything else stays.
std::string fill(std::string_view text, const arguments& values, escape how = as_it_is);

/// @p text broken into lines of at most @p width characters, between words.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// "1 byte", "2 bytes".
std::string counted(std::size_t number, std::string_view noun);

/// @p text, or its beginning and how much is left out if it is longer than @p limit bytes.
std::string shortened(std::string_view text, std::size_t limit);

}  // namespace tools
