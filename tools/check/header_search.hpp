// Finds where the numbers of a binary header are, without knowing what any answer means: only
// whether one comes, and whether it is another one. Nothing here knows a socket.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace check {

/// What a program sends to a new client.
struct program_reply {
  std::string bytes = {};  ///< empty if the program waits for more
  std::size_t after = 0;   ///< how many bytes had been sent then
};

/// Sends a text in pieces of so many bytes, until there is an answer.
using reply_function = std::function<program_reply(const std::string& text, std::size_t piece)>;

/// A place where the least significant byte of the type may be.
struct type_place {
  std::size_t at = 0;
  std::string reply = {};  ///< to a message where it is 1; empty if there is none
};

/// What a program's answers show of its header.
struct header_facts {
  std::size_t bytes = 0;          ///< the header's size; 0 if it was not found
  std::size_t length_low = 0;     ///< where the least significant byte of the length is
  bool little = true;             ///< whether the next one is behind it
  std::size_t least_payload = 0;  ///< 1 if a message without content gets no answer
  std::vector<type_place> types = {};
  std::string reply = {};  ///< to messages of zeros; empty if there was none
};

/// Sends messages of zeros in which one byte is a small number.
/// - The shortest text of zeros that is answered is a header: its length is zero.
/// - Where a byte makes the program wait for more, it is the length: for one byte more, the least
///   significant byte; for 256, the next one.
/// - Where a byte leads to another answer, or to none, it may be the type.
header_facts find_header(const reply_function& reply);

}  // namespace check
