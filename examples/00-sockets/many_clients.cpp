// The echo server for many clients at once, in one process and one thread: `many_clients PORT`.
// Only one call waits, poll(2), and it waits for all clients. Chapter: tutorial/00-sockets.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <list>
#include <string_view>
#include <vector>

#include "echo.hpp"
#include "listen.hpp"
#include "program.hpp"

namespace {

// While more than this waits to be sent to a client, nothing is read from it. A client that sends
// and never reads fills this, then the buffers of the system, and then TCP itself stops it.
constexpr std::size_t most_output = 65'536;

// What the server knows of a client. It works with the descriptor and the echo; it reports the
// address and the port, which are in network byte order.
struct echo_client {
  int socket;
  in_addr address;
  in_port_t port;
  sockets::echo echo = {};
  bool connected = true;  // false once a call has failed because the connection is broken
};

struct echo_server {
  int listener;
  int spare;                       // a descriptor kept in reserve, see `turn_away`
  std::list<echo_client> clients;  // linked: a client stays where it is while others come and go
};

void report(const echo_client& client, const char* what) {
  char address[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &client.address, address, sizeof address);
  std::printf("%s:%d %s\n", address, ntohs(client.port), what);
  std::fflush(stdout);
}

// O_NONBLOCK, fcntl(2): a call that would have to wait fails with EAGAIN instead. It is needed even
// after poll: readiness may have passed, and send may be given more bytes than there is room for.
void never_wait(int descriptor) {
  if (fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0) sockets::give_up("fcntl");
}

void receive_some(echo_client& client) {
  char bytes[4096];
  const ssize_t count = recv(client.socket, bytes, sizeof bytes, 0);
  if (count > 0) client.echo.receive({bytes, static_cast<std::size_t>(count)});
  if (count == 0) client.echo.end_of_input();
  if (count < 0 && !sockets::try_later()) client.connected = false;
}

void send_some(echo_client& client) {
  const auto& output = client.echo.output();
  const ssize_t count = send(client.socket, output.data(), output.size(), 0);
  if (count > 0) client.echo.sent(static_cast<std::size_t>(count));
  if (count < 0 && !sockets::try_later()) client.connected = false;
}

// poll reports POLLHUP and POLLERR even if they are not asked for. They are only a reason to call:
// there may be bytes to read before the end, and recv or send then reports what has happened.
void serve(echo_client& client, short ready) {
  const bool trouble = (ready & (POLLHUP | POLLERR)) != 0;
  if (!client.echo.over() && (trouble || (ready & POLLIN))) receive_some(client);
  if (!client.echo.output().empty() && (trouble || (ready & POLLOUT))) send_some(client);
}

bool finished(const echo_client& client) {
  return !client.connected || (client.echo.over() && client.echo.output().empty());
}

// What poll has to watch for: the listener first, then the clients in the order of the list.
std::vector<pollfd> what_to_watch(const echo_server& server) {
  std::vector<pollfd> watched = {{server.listener, POLLIN, 0}};
  for (const echo_client& client : server.clients) {
    const auto waiting = client.echo.output().size();
    const int input = !client.echo.over() && waiting <= most_output ? POLLIN : 0;
    const int output = waiting > 0 ? POLLOUT : 0;
    watched.push_back({client.socket, static_cast<short>(input | output), 0});
  }
  return watched;
}

// No descriptor is left. A new connection would stay in the queue, and poll would report the
// listener as ready for ever. So the spare descriptor is closed for a moment, to accept the
// connection, say why, and close it.
void turn_away(echo_server& server) {
  close(server.spare);
  const int socket = accept(server.listener, nullptr, nullptr);
  constexpr std::string_view reason = "error: the server is full\n";
  if (socket >= 0) send(socket, reason.data(), reason.size(), 0);
  if (socket >= 0) close(socket);
  server.spare = open("/dev/null", O_RDONLY);
}

void welcome(echo_server& server) {
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const int socket = accept(server.listener, reinterpret_cast<sockaddr*>(&from), &size);
  if (socket < 0 && (errno == EMFILE || errno == ENFILE)) turn_away(server);
  if (socket < 0) return;  // after another error: that client is gone already
  never_wait(socket);
  server.clients.push_back({socket, from.sin_addr, from.sin_port});
  report(server.clients.back(), "has connected");
}

void hang_up(const echo_client& client) {
  report(client, "has left");
  close(client.socket);
}

// One turn of the loop: waits until a socket is ready, serves the clients that are, and closes the
// connections that are finished.
void turn(echo_server& server) {
  auto watched = what_to_watch(server);
  // poll(2) "waits for one of a set of file descriptors to become ready to perform I/O"; -1 stands
  // for "as long as it takes". It writes what each is ready for into its `revents`.
  if (poll(watched.data(), static_cast<nfds_t>(watched.size()), -1) < 0) {
    if (sockets::try_later()) return;
    sockets::give_up("poll");
  }
  auto ready = std::next(watched.begin());
  for (auto client = server.clients.begin(); client != server.clients.end(); ++ready) {
    serve(*client, ready->revents);
    if (finished(*client)) {
      hang_up(*client);
      client = server.clients.erase(client);
    } else {
      ++client;
    }
  }
  // Last, because a client that is accepted now has no entry in `watched`.
  if (watched.front().revents != 0) welcome(server);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc != 2 || !sockets::parse_port(argv[1], port)) sockets::wrong_usage(argv[0], "PORT");

  std::signal(SIGPIPE, SIG_IGN);  // these three as in one_client.cpp
  std::signal(SIGINT, [](int) { _exit(0); });
  std::signal(SIGTERM, [](int) { _exit(0); });

  echo_server server{sockets::listen_at(port), open("/dev/null", O_RDONLY), {}};
  never_wait(server.listener);
  sockets::announce(server.listener);
  while (true) turn(server);
}
