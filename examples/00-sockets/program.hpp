// What the programs of this folder share besides sockets: arguments, and the handling of errors.
#pragma once

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace sockets {

// Ends the program with the name of the call that failed and the reason, which the call has left in
// `errno`: "bind: Address already in use". For set-up only, where there is no way to go on.
[[noreturn]] inline void give_up(const char* call) {
  std::perror(call);
  std::exit(1);
}

// Whether the call that has just failed is to be made again once poll(2) reports the descriptor as
// ready: the call would have had to wait, or a signal came before it had done anything.
inline bool try_later() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// Ends the program because its arguments are wrong.
[[noreturn]] inline void wrong_usage(const char* program, const char* arguments) {
  std::fprintf(stderr, "usage: %s %s\n", program, arguments);
  std::exit(2);
}

// True if all of the text is a port, 0 to 65535, which is then in `port`. atoi(3) would take "80x"
// for 80, "http" for 0, and 70000 for 70000, of which htons(3) keeps 4464.
inline bool parse_port(std::string_view text, std::uint16_t& port) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && rest == end;
}

// An IPv6 address may be written in brackets, as in a URL; getaddrinfo(3) wants it without.
inline std::string without_brackets(const std::string& host) {
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return has_brackets ? host.substr(1, host.size() - 2) : host;
}

}  // namespace sockets
