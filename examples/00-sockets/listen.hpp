// Opens the socket on which both servers of this folder wait for clients, call by call.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>

#include "program.hpp"

namespace sockets {

// A listening socket at this port of 127.0.0.1, so for clients on this machine only. Port 0 lets
// the system choose a free one.
inline int listen_at(std::uint16_t port) {
  // socket(2) "creates an endpoint for communication and returns a file descriptor that refers to
  // that endpoint". With AF_INET, SOCK_STREAM is TCP: a stream of bytes, whole and in order, with
  // no mark where one message ends and the next begins.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0) give_up("socket");

  // SO_REUSEADDR, socket(7), "should allow reuse of local addresses". Without it a server can't be
  // started again for a minute: the connections of the one before still wait for stray packets.
  const int yes = 1;
  if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0) give_up("setsockopt");

  // bind(2) "assigns the address": which interface, which port. On the network numbers have their
  // highest byte first, in most machines their lowest: htonl and htons, byteorder(3), translate.
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) give_up("bind");

  // listen(2) "marks the socket as a passive socket", one that is called and doesn't call. From now
  // on the system itself takes connections; at most SOMAXCONN of them wait to be accepted.
  if (listen(listener, SOMAXCONN) < 0) give_up("listen");
  return listener;
}

// Prints where the server listens. A person, a script or a test waits for this line, so it is
// flushed at once: into a pipe, stdio would keep it until its buffer of 4,096 bytes is full.
inline void announce(int listener) {
  // getsockname(2) "returns the current address to which the socket is bound": with port 0, only
  // now we know what the system has chosen.
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) < 0) {
    give_up("getsockname");
  }
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
}

}  // namespace sockets
