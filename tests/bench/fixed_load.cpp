// The same load every time, for what is counted and not timed: `fixed_load [TURNS [RECEIVERS]]`.
//
// Server and clients are in one process: in each turn one client says 64 things in a channel, and
// the others get them, a hundred if nothing else is said. It prints how many system calls a
// delivery and how many allocations a message took; instructions are counted by callgrind, in
// `run_once` alone (tests/bench/counts.py).

#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jalon.hpp>

#include "02-users/rules.hpp"
#include "03-channels/rules.hpp"
#include "chat/limits.hpp"
#include "chat/policy.hpp"
#include "chat/session.hpp"

namespace {

std::size_t allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

constexpr std::size_t said_a_turn = 64;
constexpr std::size_t patience = 1'000;  // turns that anything may take

class scene {
 public:
  explicit scene(std::size_t receivers) : users_(router_), channels_(router_, users_) {
    for (std::size_t n = 0; n < receivers; ++n) clients_.push_back(join("r" + std::to_string(n)));
    speaker_ = join("s");
    const std::string text(100, 'x');
    for (std::size_t n = 0; n < said_a_turn; ++n)
      lines_ += R"({"type":"say","channel":"bench","text":")" + text + "\"}\n";
  }

  // What the server does, and nothing else, is counted from here on.
  void start_counting() {
    loop_.set_trace([this](std::string_view line) {
      for (const std::string_view call : {" read ", " wrote "})
        system_calls_ += line.find(call) != line.npos;
    });
    turn();
    loop_.set_trace({});
    system_calls_ += turns_;
    in_loop_ = 0;
  }

  void turn() {
    speaker_.write_some(lines_);
    auto missing = static_cast<std::ptrdiff_t>(clients_.size() * said_a_turn);
    turns_ = 0;
    while (missing > 0) {
      run_once();
      for (auto& one : clients_) {
        const auto came = take(one);
        missing -= std::count(came.begin(), came.end(), '\n');
      }
    }
  }

  std::size_t system_calls() const { return system_calls_; }
  std::size_t allocations_in_loop() const { return in_loop_; }

 private:
  void run_once() {
    if (++turns_ > patience) throw std::runtime_error("the server does not deliver");
    const std::size_t before = allocations;
    loop_.run_once(std::chrono::milliseconds(10));
    in_loop_ += allocations - before;
  }

  // What has come for a client; valid until the next is asked for.
  static std::string_view take(jalon::stream_socket& from) {
    static char bytes[64 << 10];
    return {bytes, from.read_some(bytes).bytes};
  }

  jalon::stream_socket join(const std::string& nick) {
    auto socket = jalon::stream_socket::open(AF_INET);
    ::connect(socket.fd(), server_.local().data(), server_.local().size());
    pollfd connecting{socket.fd(), POLLOUT, 0};
    ::poll(&connecting, 1, 30'000);
    socket.write_some(R"({"type":"nick","nick":")" + nick +
                      "\"}\n{\"type\":\"create\",\"channel\":\"bench\"}\n"
                      "{\"type\":\"join\",\"channel\":\"bench\"}\n");
    turns_ = 0;
    while (take(socket).find(R"("joined")") == std::string_view::npos) run_once();
    for (auto& one : clients_) take(one);  // news
    return socket;
  }

  jalon::reactor loop_{jalon::epoll_poller{}};
  chat::router router_;
  chat::session session_{router_, "fixed load"};
  chat::users users_;
  chat::channels channels_;
  chat::policy policy_{router_, chat::service_limits::none()};  // it counts, and holds nothing
  jalon::server<jalon::reactor> server_{loop_, jalon::listener(jalon::endpoint::loopback(0)),
                                        policy_};
  std::vector<jalon::stream_socket> clients_;
  jalon::stream_socket speaker_;
  std::string lines_;
  std::size_t turns_ = 0;
  std::size_t system_calls_ = 0;
  std::size_t in_loop_ = 0;
};

}  // namespace

int main(int argc, char* argv[]) try {
  const auto turns = jalon::parse_number<unsigned>(argc > 1 ? argv[1] : "20");
  const auto receivers = jalon::parse_number<unsigned>(argc > 2 ? argv[2] : "100");
  if (!turns || *turns == 0 || !receivers || *receivers == 0)
    throw std::runtime_error("usage: fixed_load [TURNS [RECEIVERS]]");
  scene chat(*receivers);
  chat.start_counting();
  for (unsigned n = 0; n < *turns; ++n) chat.turn();
  const auto deliveries_a_turn = static_cast<double>(*receivers * said_a_turn);
  const auto messages = static_cast<double>(said_a_turn) * *turns;
  std::printf("{\"system_calls_a_delivery\":%.4f,\"allocations_a_message\":%.2f}\n",
              static_cast<double>(chat.system_calls()) / deliveries_a_turn,
              static_cast<double>(chat.allocations_in_loop()) / messages);
} catch (const std::exception& error) {
  std::fprintf(stderr, "fixed_load: %s\n", error.what());
  return 1;
}
