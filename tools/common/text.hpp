// Text helpers: bytes made readable, escaping, and templates with `{name}` placeholders.
#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tools {

/// The values for the placeholders of a template, by name.
using arguments = std::map<std::string, std::string, std::less<>>;

/// @p bytes in printable form, on one line: a byte that is not part of a valid UTF-8 character, and
/// each byte of a character that is deceptive (`jalon::is_deceptive`) as `\n`, `\x00`, ...; a long
/// run of the same character as `x{120 times}`; all others unchanged.
std::string visible(std::string_view bytes);

/// A finished text in printable form: the same, but line feeds stay, and runs are written out. All
/// text that the tools show passes through here last, whatever is in it.
std::string shown(std::string_view text);

/// @p bytes in hexadecimal: `68 65 6c`.
std::string hex(std::string_view bytes);

/// The bytes that hexadecimal text such as `68 65 6c` stands for; other characters are skipped.
std::string from_hex(std::string_view text);

/// Arbitrary bytes as UTF-8 for a JSON string: each byte becomes the character of that code
/// (Latin-1).
std::string bytes_to_utf8(std::string_view bytes);
/// The inverse of `bytes_to_utf8`.
std::string bytes_from_utf8(const std::string& text);

/// How a value is escaped when it is inserted into a template.
using escape = std::string (*)(std::string_view);

/// No escaping.
std::string as_is(std::string_view value);

/// Escapes for the inside of a JSON string.
std::string as_json(std::string_view value);

/// Escapes for text and attributes in HTML and XML.
std::string as_html(std::string_view value);

/// Percent-encodes one segment of a URL's path (RFC 3986).
std::string as_url_segment(std::string_view value);

/// The size in bytes of the largest text that a template may make.
inline constexpr std::size_t max_filled = 4U << 20;

/// What is thrown for a template whose text would be larger than `max_filled`.
class template_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Replaces each `{name}` that @p values has, and repeats each `{text*3}`; anything else is kept.
/// @throws template_error
std::string fill(std::string_view text, const arguments& values, escape how = as_is);

/// Breaks @p text between words into lines of at most @p width characters.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// A number with its noun: "1 byte", "2 bytes".
std::string counted(std::size_t number, std::string_view noun);

/// @p text, or at most its first @p limit bytes, up to the end of a character, and the number of
/// bytes that were left out.
std::string shortened(std::string_view text, std::size_t limit);

/// @p words, with @p separator between them.
std::string joined(const std::vector<std::string>& words, std::string_view separator);

}  // namespace tools
