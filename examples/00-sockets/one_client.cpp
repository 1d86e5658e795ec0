// An echo server for one client at a time: `one_client PORT`. Every server is made of these calls.
// While it serves one client, all others wait. Chapter: tutorial/00-sockets.

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "echo.hpp"
#include "listen.hpp"
#include "program.hpp"

namespace {

// Reads what the client has sent by now; waits if that is nothing. False: the connection is broken.
bool receive_some(int socket, sockets::echo& echo) {
  char bytes[4096];
  // recv(2) "returns the number of bytes received". It is at least 1 and at most the room we give,
  // and says nothing about lines. "When a stream socket peer has performed an orderly shutdown, the
  // return value will be 0": the client will send no more, but it may still be reading.
  const ssize_t count = recv(socket, bytes, sizeof bytes, 0);
  if (count > 0) echo.receive({bytes, static_cast<std::size_t>(count)});
  if (count == 0) echo.end_of_input();
  // EINTR: a signal came before any byte did. Nothing is lost, the next call goes on.
  return count >= 0 || errno == EINTR;
}

// Sends all output; waits while the client doesn't read. False: the connection is broken.
bool send_all(int socket, sockets::echo& echo) {
  while (!echo.output().empty()) {
    // send(2) "returns the number of bytes sent", which may be fewer than we asked for: a short
    // write is no error, the rest is still to be sent.
    const ssize_t count = send(socket, echo.output().data(), echo.output().size(), 0);
    if (count > 0) echo.sent(static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) return false;
  }
  return true;
}

void serve(int socket) {
  sockets::echo echo;
  bool connected = true;
  while (connected && !echo.over()) {
    connected = receive_some(socket, echo) && send_all(socket, echo);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc != 2 || !sockets::parse_port(argv[1], port)) sockets::wrong_usage(argv[0], "PORT");

  // To send to a client that is gone raises SIGPIPE, which ends a process that doesn't ignore it.
  // If it is ignored, send returns the error EPIPE instead, and only this connection ends.
  std::signal(SIGPIPE, SIG_IGN);
  // Ctrl-C and kill(1) end the server with status 0: it is meant to end so. _exit(2) is one of the
  // few calls that a signal handler may make, and the system closes what is still open.
  std::signal(SIGINT, [](int) { _exit(0); });
  std::signal(SIGTERM, [](int) { _exit(0); });

  const int listener = sockets::listen_at(port);
  sockets::announce(listener);
  while (true) {
    // accept(2) "extracts the first connection request on the queue" and "creates a new connected
    // socket". The listener is unchanged, and the next client waits in its queue.
    const int socket = accept(listener, nullptr, nullptr);
    // EINTR as above; ECONNABORTED: the client went away while it waited in the queue.
    if (socket < 0 && errno != EINTR && errno != ECONNABORTED) sockets::give_up("accept");
    if (socket < 0) continue;
    serve(socket);
    // close(2): this is also what tells the client that nothing more will come. A server that
    // forgets it runs out of descriptors, often 1,024, and then serves nobody.
    close(socket);
  }
}
