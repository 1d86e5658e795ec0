// How long honest clients wait while others load the server: `delays STORM --port P --server-pid
// PID`. tests/bench/delays.py starts the servers, and prints a table.
//
// Two processes, so that reading what the storm brings delays no measurement:
//
//     talkers   honest clients: one says something every few milliseconds, whether or not the last
//               was delivered; measured is the time until the partner has it
//     storm     the clients that are many, ask for much, or leave all at once
//
// A pipe tells the talkers when the storm begins and, when it is closed, that it has ended.

#include <fcntl.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <jalon.hpp>

#include "descriptor_limit.hpp"
#include "user.hpp"

namespace storms {
namespace {

using bench::dial;
using bench::fail;
using bench::user;
using clock = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr seconds patience{600};  // for each step of a storm

struct settings {
  std::uint16_t port = 0;
  int server_pid = 0;
  std::size_t users = 1'000;
};

// What talkers say to each other.
struct talk {
  std::size_t talkers = 10;
  std::chrono::milliseconds interval{5};  // between two messages, whoever says them
  bool in_channel = false;                // to each other, not to one partner
};

// ---- The talkers ----

class talkers {
 public:
  talkers(std::uint16_t port, const talk& how) : how_(how) {
    all_.reserve(how.talkers);  // the poller has their addresses
    for (std::size_t i = 0; i < how.talkers; ++i) {
      all_.push_back(dial(port, i));
      all_[i]->send(R"({"type":"nick","nick":"h)" + std::to_string(i) + "\"}\n");
      all_[i]->await("welcome");
      if (how.in_channel) {
        all_[i]->send(
            "{\"type\":\"create\",\"channel\":\"elsewhere\"}\n"
            "{\"type\":\"join\",\"channel\":\"elsewhere\"}\n");
        all_[i]->await(R"("joined","channel":"elsewhere")");
      }
      poller_.add(all_[i]->socket.fd(), jalon::io_events::read, &all_[i]);
    }
  }

  // Talks until @p control ends; what is said after its first byte is measured. @return JSON
  std::string run(int control) {
    poller_.add(control, jalon::io_events::read, nullptr);
    next_ = clock::now();
    while (control_open_) {
      speak();
      hear(control);
    }
    poller_.remove(control);
    const auto last = clock::now() + patience;
    while (delays_.size() < measured() && clock::now() < last) hear(control);
    return report();
  }

 private:
  std::size_t measured() const { return said_.size() - first_; }

  // Catches up with all that is due: a talker that is late must not spare the server.
  void speak() {
    for (; clock::now() >= next_; next_ += how_.interval) {
      const std::string number = std::to_string(said_.size());
      const std::size_t from = said_.size() % all_.size();
      said_.push_back(clock::now());
      if (how_.in_channel)
        all_[from]->send(R"({"type":"say","channel":"elsewhere","text":"#)" + number + "\"}\n");
      else
        all_[from]->send(R"({"type":"msg","to":"h)" + std::to_string(partner_of(from)) +
                         R"(","text":"#)" + number + "\"}\n");
    }
  }

  std::size_t partner_of(std::size_t from) const { return (from + 1) % all_.size(); }

  void hear(int control) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - clock::now());
    poller_.wait(ready_, std::clamp(left, std::chrono::milliseconds(0), how_.interval));
    for (const auto& event : ready_) {
      if (event.tag == nullptr)
        obey(control);
      else
        take(
            static_cast<std::size_t>(static_cast<std::unique_ptr<user>*>(event.tag) - all_.data()));
    }
  }

  void obey(int control) {
    char begin = 0;
    control_open_ = ::read(control, &begin, 1) == 1;
    if (!control_open_) return;
    first_ = said_.size();
    delays_.clear();
  }

  void take(std::size_t who) {
    user& one = *all_[who];
    one.fill();
    while (const auto line = one.codec.next(one.in)) {
      constexpr std::string_view before = R"("text":"#)";
      const auto at = line->payload.find(before);
      if (at == line->payload.npos) continue;  // news of the storm
      std::size_t number = 0;
      std::from_chars(line->payload.data() + at + before.size(),
                      line->payload.data() + line->payload.size(), number);
      if (number < first_ || partner_of(number % all_.size()) != who) continue;
      delays_.push_back(seconds(clock::now() - said_.at(number)).count());
    }
    one.in_place();
  }

  std::string report() {
    if (delays_.size() < measured()) fail("what a talker said has not come");
    std::sort(delays_.begin(), delays_.end());
    const double median = delays_.empty() ? 0 : delays_[delays_.size() / 2];
    const double worst = delays_.empty() ? 0 : delays_.back();
    std::array<char, 128> text{};
    std::snprintf(text.data(), text.size(), R"("messages":%zu,"median_ms":%.2f,"worst_ms":%.2f)",
                  delays_.size(), 1e3 * median, 1e3 * worst);
    return text.data();
  }

  talk how_;
  jalon::epoll_poller poller_;
  std::vector<jalon::ready_event> ready_;
  std::vector<std::unique_ptr<user>> all_;
  std::vector<clock::time_point> said_;  // when each message was said
  std::size_t first_ = 0;                // the first that is measured
  std::vector<double> delays_;           // in seconds
  clock::time_point next_;
  bool control_open_ = true;
};

// ---- The storm ----

class storm {
 public:
  explicit storm(const settings& how) : how_(how) {}

  std::size_t users() const { return how_.users; }

  // Adds users, who have nicks that begin with @p letter and have @p nick_size characters at least.
  void add(std::size_t count, char letter, std::size_t nick_size = 1) {
    constexpr std::size_t at_once = 100;
    const std::size_t first = all_.size();
    for (std::size_t i = 0; i < count; ++i) {
      auto dialled = dial(how_.port, all_.size());
      auto added = std::make_unique<client>(client{std::move(dialled->socket)});
      poller_.add(added->socket.fd(), jalon::io_events::read, added.get());
      all_.push_back(std::move(added));
      std::string digits = std::to_string(i);
      if (digits.size() + 1 < nick_size) digits.insert(0, nick_size - 1 - digits.size(), '0');
      ask(all_.size() - 1, R"({"type":"nick","nick":")" + (letter + digits) + "\"}");
      ask_for_pong(all_.size() - 1);
      if ((i + 1) % at_once == 0 || i + 1 == count) await_pongs(all_.size() - first);
    }
    pongs_ = 0;
  }

  // All come into one channel.
  void enter_room() {
    ask(0, R"({"type":"create","channel":"storm"})");
    exchange_until_quiet();
    for (std::size_t i = 1; i < all_.size(); ++i) {
      ask(i, R"({"type":"join","channel":"storm"})");
      ask_for_pong(i);
    }
    await_pongs(all_.size() - 1);
    exchange_until_quiet();
    pongs_ = 0;
  }

  // From here on is measured.
  void begin(int control) {
    const auto dialled = dial(how_.port, all_.size());
    probe_.socket = std::move(dialled->socket);
    poller_.add(probe_.socket.fd(), jalon::io_events::read, &probe_);
    exchange_until_quiet();
    pongs_ = 0;
    bytes_in_ = bytes_out_ = 0;
    began_ = last_byte_ = clock::now();
    if (::write(control, "g", 1) != 1) fail("the talkers are gone");
  }

  // Asks once more: the storm is over when the server answers, and nothing comes any more.
  void finish() {
    pongs_ = 0;
    probe_.out = ping;
    flush(probe_);
    await_pongs(1);
    exchange_until([this] { return is_quiet(); }, "the storm never ends");
  }

  // Client @p number writes a line; what does not fit into its socket goes out later.
  void ask(std::size_t number, const std::string& line) {
    all_[number]->out += line;
    all_[number]->out += '\n';
    flush(*all_[number]);
  }

  // Client @p number writes so many bytes of a line that it does not end.
  void begin_line(std::size_t number, std::size_t bytes) {
    all_[number]->out.append(bytes, 'x');
    flush(*all_[number]);
  }

  // Answers come in order: who has it has all answers.
  void ask_for_pong(std::size_t number) {
    all_[number]->out += ping;
    flush(*all_[number]);
  }

  void await_pongs(std::size_t count) {
    exchange_until([&] { return pongs_ >= count; }, "answers are missing");
  }

  // Those in [first, all] read nothing any more, and the system keeps little for them.
  void deafen(std::size_t first) {
    for (std::size_t i = first; i < all_.size(); ++i) {
      all_[i]->socket.set_buffers(4'096, 4'096);
      poller_.remove(all_[i]->socket.fd());
    }
  }

  // Ends all connections at once, and waits until the server has closed them.
  void close_all() {
    const std::size_t there = all_.size();
    const std::size_t before = descriptors();
    for (const auto& one : all_) poller_.remove(one->socket.fd());
    all_.clear();
    exchange_until([&] { return descriptors() + there <= before; }, "the server closes nothing");
  }

  // Reads until nothing comes any more.
  void exchange_until_quiet() {
    last_byte_ = clock::now();
    exchange_until([this] { return is_quiet(); }, "the server is never quiet");
  }

  // Reads for so long.
  void rest(seconds how_long) {
    const auto last = clock::now() + how_long;
    exchange_until([&] { return clock::now() >= last; }, "time stands still");
  }

  // Until the server's memory does not grow any more: it has read all, or reads no more.
  void exchange_until_memory_rests() {
    constexpr double page = 1 << 20;
    double known = 0;
    auto since = clock::now();
    exchange_until(
        [&] {
          const double now = bench::resident_memory(how_.server_pid);
          if (now > known + page) {
            known = now;
            since = clock::now();
          }
          return unsent_.empty() && clock::now() - since > seconds(1);
        },
        "the server's memory grows without end");
  }

  std::string report() const {
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(),
                  R"("seconds":%.3f,"bytes_in":%.0f,"bytes_out":%.0f,"peak_bytes":%.0f)",
                  seconds(last_byte_ - began_).count(), bytes_in_, bytes_out_, peak());
    return text.data();
  }

 private:
  struct client {
    jalon::stream_socket socket;
    std::string out = {};   // what did not fit into the socket
    std::string head = {};  // of the line that is coming
    bool is_unsent = false;
  };

  static constexpr std::string_view ping = "{\"type\":\"ping\"}\n";
  static constexpr std::string_view pong = R"({"type":"pong")";

  template <class Condition>
  void exchange_until(Condition reached, const char* otherwise) {
    const auto last = clock::now() + patience;
    while (!reached()) {
      if (clock::now() > last) fail(otherwise);
      poller_.wait(ready_, std::chrono::milliseconds(unsent_.empty() ? 10 : 1));
      for (const auto& event : ready_) take(*static_cast<client*>(event.tag));
      for (client* const one : std::exchange(unsent_, {})) {
        one->is_unsent = false;
        flush(*one);
      }
    }
  }

  void flush(client& one) {
    const auto result = one.socket.write_some(std::string_view(one.out));
    if (result.status == jalon::io_status::error) fail("a connection of the storm broke");
    bytes_out_ += static_cast<double>(result.bytes);
    one.out.erase(0, result.bytes);
    if (!one.out.empty() && !std::exchange(one.is_unsent, true)) unsent_.push_back(&one);
  }

  void take(client& one) {
    static std::array<char, 256 << 10> bytes;
    const auto result = one.socket.read_some(bytes);
    if (result.status == jalon::io_status::end || result.status == jalon::io_status::error)
      fail("the server has closed a connection of the storm");
    if (result.bytes == 0) return;
    bytes_in_ += static_cast<double>(result.bytes);
    last_byte_ = clock::now();
    std::string_view came(bytes.data(), result.bytes);
    while (!came.empty()) {
      const auto end = came.find('\n');
      one.head += came.substr(0, std::min(end, pong.size() - one.head.size()));
      if (end == came.npos) return;
      pongs_ += one.head == pong ? 1 : 0;
      one.head.clear();
      came.remove_prefix(end + 1);
    }
  }

  bool is_quiet() const { return clock::now() - last_byte_ > seconds(0.2); }

  std::size_t descriptors() const {
    const std::string folder = "/proc/" + std::to_string(how_.server_pid) + "/fd";
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                  std::filesystem::directory_iterator()));
  }

  // The most memory that the server has had, in bytes (VmHWM of proc(5)).
  double peak() const {
    std::ifstream file("/proc/" + std::to_string(how_.server_pid) + "/status");
    for (std::string word; file >> word;) {
      double kibibytes = 0;
      if (word == "VmHWM:" && file >> kibibytes) return 1'024 * kibibytes;
    }
    return 0;
  }

  settings how_;
  jalon::epoll_poller poller_;
  std::vector<jalon::ready_event> ready_;
  std::vector<std::unique_ptr<client>> all_;
  std::vector<client*> unsent_;
  client probe_;
  std::size_t pongs_ = 0;
  double bytes_in_ = 0;
  double bytes_out_ = 0;
  clock::time_point began_;
  clock::time_point last_byte_;
};

// ---- What storms there are ----

// What a storm does before it is measured, and then.
struct plan {
  std::function<void(storm&)> before;
  std::function<void(storm&)> measured;
  talk beside = {};
};

void come(storm& by) { by.add(by.users(), 's'); }

void come_into_room(storm& by) {
  come(by);
  by.enter_room();
}

// Each offers 64 files to the next one.
void come_and_offer(storm& by) {
  constexpr std::size_t offers = 64;
  come(by);
  for (std::size_t i = 0; i < by.users(); ++i) {
    const std::string line = R"({"type":"file_offer","to":"s)" +
                             std::to_string((i + 1) % by.users()) +
                             R"(","file":"f","size":1,"sha256":")" + std::string(64, '0') + "\"}";
    for (std::size_t k = 0; k < offers; ++k) by.ask(i, line);
    by.ask_for_pong(i);
  }
  by.await_pongs(by.users());
}

// The first @p askers write a line so many times, and wait for all answers.
void ask_often(storm& by, std::size_t askers, std::size_t times,
               const std::function<std::string(std::size_t)>& line) {
  for (std::size_t i = 0; i < askers; ++i) {
    for (std::size_t k = 0; k < times; ++k) by.ask(i, line(k));
    by.ask_for_pong(i);
  }
  by.await_pongs(askers);
}

void ask_for_members(storm& by) {
  ask_often(by, std::min<std::size_t>(100, by.users()), 20, [](std::size_t /*time*/) {
    return std::string(R"({"type":"members","channel":"storm"})");
  });
}

void leave_room(storm& by) {
  ask_often(by, by.users(), 1, [](std::size_t /*time*/) {
    return std::string(R"({"type":"leave","channel":"storm"})");
  });
}

void rename(storm& by) {
  ask_often(by, 1, by.users() / 5, [](std::size_t time) {
    return R"({"type":"nick","nick":"t)" + std::to_string(time) + "\"}";
  });
}

void tell_all(storm& by) {
  ask_often(by, std::min<std::size_t>(50, by.users()), std::max<std::size_t>(1, by.users() / 100),
            [](std::size_t /*time*/) {
              return R"({"type":"msgall","text":")" + std::string(100, 'x') + "\"}";
            });
}

// Nested arrays: what takes longest to read.
void send_deep_lines(storm& by) {
  const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
  ask_often(by, by.users(), 2, [&](std::size_t /*time*/) { return std::string(deep); });
}

void leave_at_once(storm& by) { by.close_all(); }

// The nicks are as long as nicks can be, so that an answer is as long as an answer can be.
void come_with_long_nicks(storm& by) {
  by.add(by.users(), 's', 32);
  by.add(by.users() * 3 / 10, 'd');
  by.deafen(by.users());
}

void ask_and_not_read(storm& by) {
  for (std::size_t i = by.users(); i < by.users() + by.users() * 3 / 10; ++i) {
    for (std::size_t k = 0; k < 20; ++k) by.ask(i, R"({"type":"who"})");
  }
  by.exchange_until_memory_rests();
}

void come_for_lines(storm& by) { by.add(by.users() * 12 / 10, 's'); }

void begin_lines(storm& by) {
  for (std::size_t i = 0; i < by.users() * 12 / 10; ++i) by.begin_line(i, 60'000);
  by.exchange_until_memory_rests();
}

const std::map<std::string, plan>& all() {
  const talk elsewhere{100, std::chrono::milliseconds(10), true};
  static const std::map<std::string, plan> all{
      {"calm", {come, [](storm& by) { by.rest(seconds(1)); }}},
      {"offers", {come_and_offer, leave_at_once}},
      {"members", {come_into_room, ask_for_members}},
      {"close", {come_into_room, leave_at_once, elsewhere}},
      {"leave", {come_into_room, leave_room, elsewhere}},
      {"rename", {come, rename}},
      {"msgall", {come, tell_all}},
      {"deep", {come, send_deep_lines}},
      {"deaf", {come_with_long_nicks, ask_and_not_read}},
      {"lines", {come_for_lines, begin_lines}},
  };
  return all;
}

// ---- Two processes ----

// The talkers' process. It says that they are there by one byte, and later what they measured.
int talk_until(int control, int result, std::uint16_t port, const talk& how) try {
  talkers all(port, how);
  if (::write(result, "r", 1) != 1) return 1;
  const std::string report = all.run(control);
  return ::write(result, report.data(), report.size()) == static_cast<ssize_t>(report.size()) ? 0
                                                                                              : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "delays, the talkers: %s\n", error.what());
  return 1;
}

std::array<jalon::unique_fd, 2> make_pipe() {
  int ends[2];
  jalon::check_call(::pipe2(ends, O_CLOEXEC), "pipe2");
  return {jalon::unique_fd(ends[0]), jalon::unique_fd(ends[1])};
}

std::string read_all(int from) {
  std::string all;
  char bytes[512];
  for (ssize_t size = 1; size > 0;) {
    size = ::read(from, bytes, sizeof bytes);
    all.append(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  return all;
}

void run(const plan& plan, const settings& how) {
  auto [control_out, control_in] = make_pipe();
  auto [result_out, result_in] = make_pipe();
  const pid_t child = jalon::check_call(::fork(), "fork");
  if (child == 0) {
    control_in.reset();
    result_out.reset();
    ::_exit(talk_until(control_out.get(), result_in.get(), how.port, plan.beside));
  }
  result_in.reset();
  char ready = 0;
  if (::read(result_out.get(), &ready, 1) != 1) fail("the talkers cannot talk");
  storm all(how);
  plan.before(all);
  all.begin(control_in.get());
  plan.measured(all);
  all.finish();
  const std::string report = all.report();
  control_in.reset();
  const std::string delays = read_all(result_out.get());
  ::waitpid(child, nullptr, 0);
  if (delays.empty()) fail("the talkers have no result");
  std::printf("{%s,%s}\n", report.c_str(), delays.c_str());
}

}  // namespace
}  // namespace storms

int main(int argc, char* argv[]) try {
  storms::settings how;
  std::string name;
  CLI::App app("Measures how long honest clients wait in a storm, as one line of JSON");
  app.add_option("STORM", name, "which one")->required()->check(CLI::IsMember(storms::all()));
  app.add_option("--port", how.port, "of the server, on 127.0.0.1")->required();
  app.add_option("--server-pid", how.server_pid, "whose memory is read")->required();
  app.add_option("--users", how.users, "in the storm")->check(CLI::Range(10, 15'000));
  CLI11_PARSE(app, argc, argv);
  raise_descriptor_limit();
  storms::run(storms::all().at(name), how);
} catch (const std::exception& error) {
  std::fprintf(stderr, "delays: %s\n", error.what());
  return 1;
}
