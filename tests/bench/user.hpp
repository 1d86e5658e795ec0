// One user of a server, and what the system tells of the server's process: what the loads share.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <jalon.hpp>

namespace bench {

[[noreturn]] inline void fail(const std::string& what) { throw std::runtime_error(what); }

// One user of the chat.
struct user {
  jalon::stream_socket socket;
  jalon::buffer in = {};
  jalon::line_codec codec{};

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto result = socket.write_some(bytes);
      if (result.status == jalon::io_status::error) fail("a connection broke");
      bytes.remove_prefix(result.bytes);
      pollfd waited{socket.fd(), POLLOUT, 0};
      if (!bytes.empty() && ::poll(&waited, 1, 30'000) != 1) fail("the server does not read");
    }
  }

  // Reads what there is. @return whether there was anything
  bool fill() {
    const auto result = socket.read_some(in.prepare(256 << 10));
    in.commit(result.bytes);
    if (result.status == jalon::io_status::end || result.status == jalon::io_status::error)
      fail("the server has closed a connection");
    return result.bytes > 0;
  }

  // The next line that holds @p text; what comes before it is passed over.
  void await(std::string_view text) {
    for (;;) {
      while (const auto line = codec.next(in)) {
        if (line->payload.find(text) != line->payload.npos) return in_place();
      }
      pollfd waited{socket.fd(), POLLIN, 0};
      if (::poll(&waited, 1, 30'000) != 1) fail("nothing came, but was due: " + std::string(text));
      fill();
    }
  }

  // A silent user holds no memory here either.
  void in_place() {
    if (in.empty()) in.release();
  }
};

// Every 20,000 connections have an address of their own: there are not more ports to one.
inline std::unique_ptr<user> dial(std::uint16_t port, std::size_t number) {
  auto socket = jalon::stream_socket::open(AF_INET);
  const std::string address = "127.0.0." + std::to_string(1 + number / 20'000);
  const auto from = jalon::endpoint::parse(address + ":0").value();
  const auto to = jalon::endpoint::loopback(port);
  // The port is chosen when it connects: what went to other servers before takes none away (ip(7)).
  const int late = 1;
  ::setsockopt(socket.fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
  if (::bind(socket.fd(), from.data(), from.size()) != 0) fail("bind " + address);
  ::connect(socket.fd(), to.data(), to.size());  // in progress: the first write waits for it
  pollfd waited{socket.fd(), POLLOUT, 0};
  if (::poll(&waited, 1, 30'000) != 1) fail("the server does not accept");
  socket.set_no_delay(true);
  return std::make_unique<user>(user{std::move(socket)});
}

// The processor time that the server's threads have used, in ns (the first number of each
// schedstat, proc(5)).
inline double processor_time(int pid) {
  double all = 0;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file(thread.path() / "schedstat");
    double nanoseconds = 0;
    file >> nanoseconds;
    all += nanoseconds;
  }
  return all;
}

// Its resident memory, in bytes (the second number of proc(5)'s statm).
inline double resident_memory(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace bench
