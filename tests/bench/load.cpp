// Loads a server and prints what a delivery costs it: a chat of milestone 3 or later, limit.cpp, or
// another kind of server that languages.hpp can speak to.
//
//     load --port 8080 --server-pid 4711 --receivers 100 --senders 1 --window 64
//
// Senders speak in a channel, receivers listen, deaf ones are there and never read, idle ones do
// nothing; each sender has `window`
// messages under way, one of which is done when all receivers have it. Each delivery is checked:
// whose it is, that it is the next of that sender, and that its text is whole.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include <jalon.hpp>

#include "descriptor_limit.hpp"
#include "languages.hpp"
#include "user.hpp"

namespace {

using bench::dial;
using bench::fail;
using bench::processor_time;
using bench::resident_memory;
using bench::user;
using clock = std::chrono::steady_clock;

struct settings {
  std::uint16_t port = 0;
  int server_pid = 0;
  std::size_t receivers = 100;
  std::size_t senders = 1;
  std::size_t window = 1;
  std::size_t idle = 0;
  std::size_t deaf = 0;          // in the channel, and never reading
  std::size_t messages = 1'000;  // of each sender
  double part = 1;               // of them that are sent, if they are sent as they are done
  std::size_t payload = 100;     // bytes of text
  double rate = 0;               // messages a second of each sender; 0: as fast as they are done
  bool direct = false;           // from each sender to one receiver, not in a channel
  bool to_all = false;           // to all who are there, not in a channel
  std::size_t at_once = 100;     // who come in at the same time
  std::string speaks = "chat";   // the server's language
};

// A text tells whose it is and which: "0007 00000042 xxxx".
constexpr std::size_t head = 14;

std::string text_of(std::size_t sender, std::size_t number, std::size_t size) {
  std::array<char, 64> digits{};
  std::snprintf(digits.data(), digits.size(), "%04zu %08zu ", sender, number);
  std::string text = digits.data();
  text.resize(std::max(size, head), 'x');
  return text;
}

std::size_t number_in(std::string_view digits) {
  std::size_t number = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc())
    fail("not what was sent: " + std::string(digits));
  return number;
}

class load {
 public:
  explicit load(const settings& how) : how_(how), language_(bench::languages().at(how.speaks)()) {}

  void run() {
    gather();
    warm_up();
    const double begin = processor_time(how_.server_pid);
    began_ = clock::now();
    deliver_all();
    const double used = processor_time(how_.server_pid) - begin;
    const std::chrono::duration<double> took = clock::now() - began_;
    report(used, took.count());
  }

 private:
  // What fills the buffers of the system for those who do not read, and then some.
  static constexpr std::size_t filling = 1'000;  // messages
  static constexpr std::size_t filling_payload = 4'000;

  struct listener_state {
    std::unique_ptr<user> who;
    std::vector<std::size_t> next;  // of each sender
  };
  struct sender_state {
    std::unique_ptr<user> who;
    std::size_t sent = 0;
    std::size_t done = 0;                    // messages that all have
    std::deque<std::size_t> missing = {};    // of each that is under way, how many have it not
    std::vector<clock::time_point> at = {};  // when each was sent
  };

  std::size_t audience() const { return how_.direct ? 1 : how_.receivers; }

  void deliver_all() {
    while (delivered_ < due()) {
      speak();
      hear();
    }
  }

  // What comes before the measuring: one message of each, behind which is all that people are told
  // of each other; and to the deaf so much that they are deaf by then, and not about to be.
  void warm_up() {
    const settings asked = how_;
    how_.rate = 0;
    how_.window = 64;
    how_.messages = before_ = how_.deaf > 0 ? filling : 1;
    if (how_.deaf > 0) how_.payload = filling_payload;
    deliver_all();
    how_ = asked;
    how_.messages += before_;
    delivered_before_ = delivered_;
    latencies_.clear();
  }

  std::size_t due() const { return how_.senders * how_.messages * audience(); }

  void gather() {
    const double memory = resident_memory(how_.server_pid);
    const double time = processor_time(how_.server_pid);
    idle_ = log_in("i", how_.idle);
    if (how_.idle > 0) {
      const auto each = static_cast<double>(how_.idle);
      idle_bytes_ = (resident_memory(how_.server_pid) - memory) / each;
      idle_ns_ = (processor_time(how_.server_pid) - time) / each;
    }
    deaf_ = log_in("d", how_.deaf);
    enter(deaf_);
    for (auto& one : deaf_) one->socket.set_buffers(4'096, 4'096);
    auto listening = log_in("r", how_.receivers);
    enter(listening);
    for (auto& one : listening)
      listeners_.push_back({std::move(one), std::vector<std::size_t>(how_.senders, 0)});
    auto speaking = log_in("s", how_.senders);
    if (language_.speakers_enter) enter(speaking);
    for (auto& one : speaking) senders_.push_back({std::move(one)});
    for (auto& one : listeners_) poller_.add(one.who->socket.fd(), jalon::io_events::read, &one);
    for (auto& one : senders_) poller_.add(one.who->socket.fd(), jalon::io_events::read, nullptr);
  }

  // Many at once, for some servers let people in once a second only; not too many, for others
  // have short queues, and what does not fit into those is tried again a second later.
  std::vector<std::unique_ptr<user>> log_in(const std::string& letter, std::size_t count) {
    std::vector<std::unique_ptr<user>> all;
    while (all.size() < count) {
      const std::size_t first = all.size();
      while (all.size() < std::min(first + how_.at_once, count))
        all.push_back(dial(how_.port, dialled_++));
      for (std::size_t i = first; i < all.size(); ++i) {
        if (!language_.greeting.empty()) all[i]->await(language_.greeting);
        all[i]->send(language_.log_in(letter + std::to_string(i)));
      }
      for (std::size_t i = first; i < all.size(); ++i) all[i]->await(language_.logged_in);
    }
    return all;
  }

  void enter(std::vector<std::unique_ptr<user>>& all) {
    if (how_.direct || how_.to_all) return;
    for (auto& one : all) {
      one->send(language_.enter);
      one->await(language_.entered);
    }
  }

  // Each sender sends as much as it may, in one piece.
  void speak() {
    for (std::size_t i = 0; i < senders_.size(); ++i) {
      sender_state& one = senders_[i];
      std::string bytes;
      while (one.sent < allowed(one)) {
        const std::string text = text_of(i, one.sent++, how_.payload);
        bytes += how_.direct   ? to_one(i % how_.receivers, text)
                 : how_.to_all ? to_everybody(text)
                               : language_.say(text);
        one.missing.push_back(audience());
        one.at.push_back(clock::now());
      }
      if (!bytes.empty()) one.who->send(bytes);
    }
  }

  static std::string to_one(std::size_t receiver, const std::string& text) {
    return R"({"type":"msg","to":"r)" + std::to_string(receiver) + R"(","text":")" + text + "\"}\n";
  }

  static std::string to_everybody(const std::string& text) {
    return R"({"type":"msgall","text":")" + text + "\"}\n";
  }

  std::size_t allowed(const sender_state& one) const {
    if (how_.rate == 0) return std::min(how_.messages, one.done + how_.window);
    const std::chrono::duration<double> gone = clock::now() - began_;
    return std::min(how_.messages, before_ + static_cast<std::size_t>(gone.count() * how_.rate));
  }

  void hear() {
    const auto limit = std::chrono::milliseconds(how_.rate > 0 ? 1 : 30'000);
    poller_.wait(ready_, limit);
    if (ready_.empty() && how_.rate == 0) fail("deliveries are missing");
    for (const auto& event : ready_) {
      if (event.tag != nullptr) take(*static_cast<listener_state*>(event.tag));
    }
    for (auto& one : senders_) {
      if (one.who->fill()) one.who->in.release();  // news of the others
    }
  }

  void take(listener_state& one) {
    one.who->fill();
    while (const auto line = one.who->codec.next(one.who->in)) check(one, line->payload);
  }

  void check(listener_state& one, std::string_view line) {
    const std::string_view text = language_.text_in(line);
    if (text.empty()) return;  // news of other kinds
    if (text.size() != std::max(how_.payload, head) ||
        text.find_first_not_of('x', head) != text.npos)
      fail("not what was sent: " + std::string(line));
    const std::size_t sender = number_in(text.substr(0, 4));
    const std::size_t number = number_in(text.substr(5, 8));
    if (number != one.next.at(sender)++) fail("lost, twice or out of order: " + std::string(line));
    count(senders_[sender], number);
  }

  void count(sender_state& from, std::size_t number) {
    ++delivered_;
    if (how_.rate > 0)
      latencies_.push_back(std::chrono::duration<double>(clock::now() - from.at[number]).count());
    --from.missing[number - from.done];
    while (!from.missing.empty() && from.missing.front() == 0) {
      from.missing.pop_front();
      ++from.done;
    }
  }

  double percentile(double part) {
    if (latencies_.empty()) return 0;
    const auto place = static_cast<std::size_t>(part * static_cast<double>(latencies_.size() - 1));
    std::nth_element(latencies_.begin(), latencies_.begin() + static_cast<std::ptrdiff_t>(place),
                     latencies_.end());
    return latencies_[place];
  }

  void report(double used, double seconds) {
    const std::size_t measured = delivered_ - delivered_before_;
    const std::size_t messages = measured / audience();
    std::printf(
        "{\"deliveries\":%zu,\"ns_a_delivery\":%.1f,\"ns_a_message\":%.1f,\"seconds\":%.3f,"
        "\"idle_bytes\":%.0f,\"idle_ns\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,"
        "\"server_bytes\":%.0f}\n",
        measured, used / static_cast<double>(measured), used / static_cast<double>(messages),
        seconds, idle_bytes_, idle_ns_, 1e6 * percentile(0.5), 1e6 * percentile(0.99),
        resident_memory(how_.server_pid));
  }

  settings how_;
  bench::language language_;
  jalon::epoll_poller poller_;
  std::vector<jalon::ready_event> ready_;
  std::size_t dialled_ = 0;
  std::vector<std::unique_ptr<user>> idle_;
  std::vector<std::unique_ptr<user>> deaf_;
  std::vector<listener_state> listeners_;
  std::vector<sender_state> senders_;
  clock::time_point began_;
  std::size_t before_ = 0;  // messages of each sender, before the measuring began
  std::size_t delivered_ = 0;
  std::size_t delivered_before_ = 0;
  std::vector<double> latencies_;  // seconds, of each delivery
  double idle_bytes_ = 0;
  double idle_ns_ = 0;
};

}  // namespace

int main(int argc, char* argv[]) try {
  settings how;
  CLI::App app("Loads a chat server and prints what a delivery costs it, as one line of JSON");
  app.add_option("--port", how.port, "of the server, on 127.0.0.1")->required();
  app.add_option("--server-pid", how.server_pid, "whose processor time is read")->required();
  app.add_option("--receivers", how.receivers, "who listen")->check(CLI::PositiveNumber);
  app.add_option("--senders", how.senders, "who speak")->check(CLI::Range(1, 9'999));
  app.add_option("--window", how.window, "messages of each under way")->check(CLI::PositiveNumber);
  app.add_option("--idle", how.idle, "who do nothing");
  app.add_option("--deaf", how.deaf, "who are in the channel and never read");
  app.add_option("--messages", how.messages, "of each sender")->check(CLI::Range(1, 99'999'999));
  app.add_option("--part", how.part, "of them that are sent, if there is no rate")
      ->check(CLI::Range(0.001, 1.0));
  app.add_option("--payload", how.payload, "bytes of a text")->check(CLI::Range(14, 4'096));
  app.add_option("--rate", how.rate, "messages a second of each; 0: as they are done");
  app.add_flag("--direct", how.direct, "from each sender to one receiver; of the chat only");
  app.add_flag("--to-all", how.to_all, "to all who are there; of the chat only");
  app.add_option("--at-once", how.at_once, "who come in at the same time")
      ->check(CLI::PositiveNumber);
  app.add_option("--speaks", how.speaks, "the server's language")
      ->check(CLI::IsMember(bench::languages()));
  CLI11_PARSE(app, argc, argv);
  raise_descriptor_limit();
  if (how.rate == 0) {
    const double some = static_cast<double>(how.messages) * how.part;
    how.messages = std::max(std::min(how.messages, 2 * how.window), static_cast<std::size_t>(some));
  }
  load(how).run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "load: %s\n", error.what());
  return 1;
}
