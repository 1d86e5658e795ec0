// The client of both servers: sends what is typed, shows what comes back: `client HOST PORT`.
// It watches the keyboard and the server at the same time, with poll(2). Chapter:
// tutorial/00-sockets.

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "program.hpp"

namespace {

// The state of the connection, between the keyboard and the server.
struct conversation {
  int server;
  std::string line = {};    // the first bytes of the typed line, enough to recognise /quit
  std::string unsent = {};  // typed, and not yet taken by the system
  char before = 0;          // the last byte that the server has sent
  bool typing = true;       // false after /quit, and after the end of the input
  bool said_all = false;    // this side of the connection has been shut down
  bool lost = false;        // the connection is broken
  bool closed = false;      // the server has closed, after all it had to send
};

// A connected socket, or -1 and the reason in `errno`.
int try_to_connect(const addrinfo& to) {
  const int server = socket(to.ai_family, to.ai_socktype, to.ai_protocol);
  // connect(2) "connects the socket to the address". For TCP it waits until the other side answers.
  if (server < 0 || connect(server, to.ai_addr, to.ai_addrlen) == 0) return server;
  const int reason = errno;
  close(server);
  errno = reason;
  return -1;
}

int connect_to(const char* host, const char* port) {
  // getaddrinfo(3) returns addresses for a name, or for an address written out. A name may have
  // several, of IPv4 and IPv6. The first one that answers will do.
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  if (const int error = getaddrinfo(host, port, &hints, &addresses); error != 0) {
    std::fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
    std::exit(1);
  }
  int server = -1;
  for (auto* each = addresses; each != nullptr && server < 0; each = each->ai_next) {
    server = try_to_connect(*each);
  }
  if (server < 0) sockets::give_up("connect");
  freeaddrinfo(addresses);
  return server;
}

void take_typed(conversation& chat, char byte) {
  constexpr std::string_view quit = "/quit";
  chat.unsent += byte;
  if (byte != '\n') {
    if (chat.line.size() <= quit.size()) chat.line += byte;
    return;
  }
  if (chat.line == quit) chat.typing = false;
  chat.line.clear();
}

void read_keyboard(conversation& chat) {
  char bytes[4096];
  const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
  // 0 is the end of the input, Ctrl-D at a terminal. An error of read is treated as the end too.
  if (count == 0 || (count < 0 && !sockets::try_later())) chat.typing = false;
  for (ssize_t i = 0; i < count && chat.typing; ++i) take_typed(chat, bytes[i]);
}

void send_some(conversation& chat) {
  const ssize_t count = send(chat.server, chat.unsent.data(), chat.unsent.size(), 0);
  if (count > 0) chat.unsent.erase(0, static_cast<std::size_t>(count));
  if (count < 0 && !sockets::try_later()) chat.lost = true;
}

// A terminal obeys control characters. ESC, for example, begins commands that clear the screen or
// hide text. The server may pass on what a stranger wrote, so all of them but LF and TAB are
// replaced. Those from 0x80 to 0x9F are two bytes in UTF-8, and 0xC2 is the first of them.
void replace_control(char& byte, char before) {
  const auto code = static_cast<unsigned char>(byte);
  const bool is_ascii = (code < 0x20 && byte != '\n' && byte != '\t') || code == 0x7F;
  const bool is_c1 = before == '\xC2' && code >= 0x80 && code < 0xA0;
  if (is_ascii || is_c1) byte = '?';
}

void show(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) sockets::give_up("write");
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void receive_some(conversation& chat) {
  char bytes[4096];
  const ssize_t count = recv(chat.server, bytes, sizeof bytes, 0);
  for (ssize_t i = 0; i < count; ++i) {
    const char before = std::exchange(chat.before, bytes[i]);
    replace_control(bytes[i], before);
  }
  if (count > 0) show({bytes, static_cast<std::size_t>(count)});
  if (count == 0) chat.closed = true;
  if (count < 0 && !sockets::try_later()) chat.lost = true;
}

// shutdown(2) with SHUT_WR closes one direction alone, a half-close: the server reads to the end of
// what we said, and its last answers still come. With close(2) here, they would be lost.
void say_no_more(conversation& chat) {
  chat.said_all = true;
  shutdown(chat.server, SHUT_WR);
}

// One turn: waits for the keyboard or the server, and serves what is ready.
void turn(conversation& chat) {
  // While the server takes no more, the keyboard waits. But what the server sends is always read:
  // if both sides only sent, both would wait for ever. A negative descriptor is ignored, poll(2).
  const bool all_sent = chat.unsent.empty();
  const int keyboard = chat.typing && all_sent ? STDIN_FILENO : -1;
  const short server_events = all_sent ? POLLIN : POLLIN | POLLOUT;
  pollfd watched[] = {{keyboard, POLLIN, 0}, {chat.server, server_events, 0}};
  if (poll(watched, 2, -1) < 0) {
    if (sockets::try_later()) return;
    sockets::give_up("poll");
  }
  if (watched[0].revents != 0) read_keyboard(chat);
  if ((watched[1].revents & POLLOUT) != 0) send_some(chat);
  if ((watched[1].revents & ~POLLOUT) != 0) receive_some(chat);
  if (!chat.typing && chat.unsent.empty() && !chat.said_all) say_no_more(chat);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc != 3 || !sockets::parse_port(argv[2], port)) sockets::wrong_usage(argv[0], "HOST PORT");

  std::signal(SIGPIPE, SIG_IGN);  // a server that is gone is an error of send, as in one_client.cpp
  std::printf("Connecting to %s:%s ... ", argv[1], argv[2]);
  std::fflush(stdout);
  conversation chat{connect_to(sockets::without_brackets(argv[1]).c_str(), argv[2])};
  std::printf("done!\n");
  std::fflush(stdout);

  // Non-blocking, so that send takes what it can and doesn't wait for room for the rest.
  if (fcntl(chat.server, F_SETFL, O_NONBLOCK) < 0) sockets::give_up("fcntl");
  while (!chat.closed && !chat.lost) turn(chat);
  close(chat.server);

  const bool as_asked = chat.closed && chat.said_all;
  if (!as_asked) std::fprintf(stderr, "the server has gone\n");
  return as_asked ? 0 : 1;
}
